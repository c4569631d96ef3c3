"""The references of a template, followed without the engine that deployed it. Pure.

Source: CloudFormation template reference, "Intrinsic function reference" and "Pseudo parameters reference".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NO_VALUE = "AWS::NoValue"
_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


class Unresolvable(LookupError):
    """A template refers to what is not known here, or in a way that is not followed."""


@dataclass(frozen=True)
class References:
    """The meanings of references: parameters and pseudo parameters, and resources with their attributes.

    `mappings` and `conditions` are those of the template; a condition is given by its value.
    """

    parameters: Mapping[str, Any]
    physical: Mapping[str, str]
    attributes: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]

    def resolve(self, value: Any) -> Any:
        """The value with every reference in it followed. Raises Unresolvable."""
        if isinstance(value, list):
            return [part for part in map(self.resolve, value) if part is not _NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        resolved = {name: self.resolve(part) for name, part in value.items()}
        return {name: part for name, part in resolved.items() if part is not _NOTHING}

    def _call(self, name: str, argument: Any) -> Any:
        match name:
            case "Ref":
                return _NOTHING if argument == NO_VALUE else self._named(argument)
            case "Fn::GetAtt":
                return self._attribute(*(argument.split(".", 1) if isinstance(argument, str) else argument))
            case "Fn::Sub":
                return self._substitute(argument)
            case "Fn::Join":
                return str(argument[0]).join(str(part) for part in self.resolve(argument[1]))
            case "Fn::Select":
                return self.resolve(argument[1])[int(self.resolve(argument[0]))]
            case "Fn::Split":
                return self.resolve(argument[1]).split(argument[0])
            case "Fn::FindInMap":
                first, second, third = self.resolve(argument)
                return self.mappings[first][second][third]
            case "Fn::If":
                return self.resolve(argument[1] if self.holds(argument[0]) else argument[2])
        raise Unresolvable(f"{name} is not followed")

    def holds(self, condition: Any) -> bool:
        """The value of a condition, by name or written out."""
        if isinstance(condition, str):
            if condition not in self.conditions:
                raise Unresolvable(f"there is no condition {condition}")
            return self.holds(self.conditions[condition])
        [(name, argument)] = condition.items()
        match name:
            case "Condition":
                return self.holds(argument)
            case "Fn::Equals":
                return bool(str(self.resolve(argument[0])) == str(self.resolve(argument[1])))
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
        raise Unresolvable(f"{name} is not followed")

    def _named(self, name: str) -> Any:
        for names in (self.parameters, self.physical):
            if name in names:
                return names[name]
        raise Unresolvable(f"there is no {name}")

    def _attribute(self, resource: str, attribute: str) -> Any:
        value = self.attributes.get(resource, {}).get(attribute)
        if value is None:
            raise Unresolvable(f"there is no attribute {attribute} of {resource}")
        return value

    def _substitute(self, argument: Any) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})
        own = self.resolve(variables)

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(own[name])
            return str(self._attribute(*name.split(".", 1)) if "." in name else self._named(name))

        return _VARIABLE.sub(value, text)


_NOTHING = object()
"""What `AWS::NoValue` leaves of a property."""
