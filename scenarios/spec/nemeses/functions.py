"""Functions that start anew, are deployed with a mistake, or may not be called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wavetank.scenarios.spec.nemesis import Nemesis, Scene

NO_HANDLER = "wavetank.pipeline.handlers.unfinished.handle"


@dataclass(frozen=True)
class ColdStart(Nemesis):
    """Every function starts anew, with nothing cached."""

    id: str = "cold-start"

    def begin(self, scene: Scene) -> None:
        scene.struck[self.id] += start_cold(scene)


@dataclass(frozen=True)
class BadDeploy(Nemesis):
    """The victim's processor is deployed with a handler that is not there; healing rolls it back."""

    id: str = "bad-deploy"

    def begin(self, scene: Scene) -> None:
        site, processor = scene.site, scene.event.processor
        configuration = site.stack.client("lambda").get_function_configuration(FunctionName=processor)
        scene.healing.callback(site.configure, processor, Handler=configuration["Handler"])
        site.configure(processor, Handler=NO_HANDLER)
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class NotificationsForbidden(Nemesis):
    """The partitioner does not let the topic of chunks call it any more; healing lets it again."""

    id: str = "notifications-forbidden"

    def begin(self, scene: Scene) -> None:
        client, function = scene.site.stack.client("lambda"), scene.site.topology.names.partitioner
        policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
        for statement in policy["Statement"]:
            name = {"FunctionName": function, "StatementId": statement["Sid"]}
            scene.healing.callback(
                client.add_permission,
                **name,
                Action=statement["Action"],
                Principal=statement["Principal"]["Service"],
                SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
            )
            client.remove_permission(**name)
            scene.struck[self.id] += 1


@dataclass(frozen=True)
class Reconfigured(Nemesis):
    """Somebody changes these settings of the victim's processor by hand, and forgets it."""

    settings: Mapping[str, Any]
    id: str = "reconfigured"

    def begin(self, scene: Scene) -> None:
        site, processor = scene.site, scene.event.processor
        configuration = site.stack.client("lambda").get_function_configuration(FunctionName=processor)
        scene.healing.callback(site.configure, processor, **{name: configuration[name] for name in self.settings})
        site.configure(processor, **self.settings)
        scene.struck[self.id] += 1


@dataclass(frozen=True)
class OwnCodeMistaken(Nemesis):
    """The victim's own code or rules are deployed with a mistake, as this component has them; healing mends them.

    component: its folder in `scenarios/components`, which is laid over that of the workload.
    """

    component: str
    id: str = "own-code-mistaken"

    def begin(self, scene: Scene) -> None:
        scene.healing.callback(scene.site.deploy_again)
        scene.site.deploy_component(self.component)
        scene.struck[self.id] += 1


def start_cold(scene: Scene) -> int:
    """Make every function start anew; the number of functions."""
    for function in scene.site.topology.functions:
        scene.site.cycle(function)
    return len(scene.site.topology.functions)
