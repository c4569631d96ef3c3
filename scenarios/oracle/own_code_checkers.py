"""Checkers of event types' own code: it is held to, what it drops is counted, and it is deterministic."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from wavetank.scenarios.oracle.at_rest import Model, canonical, present
from wavetank.scenarios.oracle.evidence import Copies, Evidence, Finding, failed, passed, unclear
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.oracle.ledger import arrivals
from wavetank.scenarios.oracle.own_code import ASIDE

EXAMPLES = 3


def own_code(evidence: Evidence) -> Finding:
    """The own code of an event type sets aside exactly what it is to set aside, each for the reason it gives.

    By the code that was deployed first, where it was mended on the way. An event whose answer is unknown may be there.
    """
    model, wrong, count = evidence.model, list[str](), 0
    for event_type in model.own:
        reasons: defaultdict[str, set[str]] = defaultdict(set)
        for record in evidence.at_rest.quarantine:
            if record.event_type == event_type and record.reason in ASIDE:
                reasons[record.payload].add(record.reason)
        owed = {one.payload: one for one in evidence.history.of(event_type) if not one.flaw}
        for payload, one in owed.items():
            times = arrivals(one, evidence.history, model)
            fates = {model.fate(event_type, one.content, at, before=True) for at in times}
            due = {str(fate) for fate in fates & ASIDE}
            there = reasons.pop(payload, set())
            count += len(due)
            if there != due and not (one.outcome is not Outcome.OK and not there):
                listed = ", ".join(sorted(there)) or "not set aside"
                wrong.append(f"{event_type} {one.event_id}: {' or '.join(sorted(fates))}, and it is {listed}")
        wrong += [f"{event_type}: bytes that were never sent, as {', '.join(why)}" for why in reasons.values()]
    if wrong:
        return failed("own-code", f"{len(wrong)} events have another fate, such as {'; '.join(wrong[:EXAMPLES])}")
    return passed("own-code", f"{count} events set aside" if model.own else "no event type has code of its own")


def dropped(evidence: Evidence) -> Finding:
    """What was dropped on purpose was counted, at least once an event, and nothing else was."""
    if evidence.flow is None:
        return unclear("dropped", "what the functions counted could not be read")
    owed = {event_type: entry.ledger.dropped for event_type, entry in evidence.entries.items()}
    counted = evidence.flow.dropped
    wrong = [
        f"{number} {event_type} are dropped, and {counted.get(event_type, 0)} were counted"
        for event_type, number in owed.items()
        if counted.get(event_type, 0) < number or (counted.get(event_type, 0) and not number)
    ]
    if wrong:
        return failed("dropped", "; ".join(wrong))
    return passed("dropped", f"{sum(owed.values())} events, counted {sum(counted.values())} times")


def deterministic(evidence: Evidence) -> Finding:
    """A raw record that was processed again gave the same bytes, as long as its processed schema was the same.

    Copies are tied to raw records by their id and time, which processing leaves as they are: of an event with so many
    raw records there are at most so many contents, and in each schema so many bodies. Without code of its own an event
    type gives one body for equal raw records between which no reference data came into effect.
    """
    if evidence.flow is None:
        return unclear("deterministic", "what came to the streams could not be read")
    several = [
        (event_type, version[0], copies)
        for event_type, versions in evidence.flow.processed.items()
        for version, copies in versions.items()
    ]
    wrong = [
        f"{event_type} {event_id}: {len(copies.raw)} raw, {_difference(copies)}"
        for event_type, event_id, copies in several
        if _is_otherwise(event_type, copies, evidence.model)
    ]
    if wrong:
        what = "raw records were processed to different events: a clock, a random number, or state"
        return failed("deterministic", f"{len(wrong)} {what}; {'; '.join(wrong[:EXAMPLES])}")
    return passed("deterministic", f"{len(several)} events were processed more than once, each to the same")


def _is_otherwise(event_type: str, copies: Copies, model: Model) -> bool:
    """Whether there are more contents, or more bodies in one schema, than the raw records of an event can give."""
    contents = {canonical(present(body.content)) for body in copies.bodies}
    bodies = Counter(body.schema for body in copies.bodies)
    inputs = {(raw.payload, model.in_effect(event_type, raw.arrived_us).since_us) for raw in copies.raw}
    is_pure = event_type not in model.own and not model.undated
    most = max(1, len(inputs) if is_pure else len(copies.raw))
    return len(contents) > max(1, len(copies.raw)) or max(bodies.values(), default=0) > most


def _difference(copies: Copies) -> str:
    """The first field in which the contents differ, with its values."""
    contents = [body.content for body in copies.bodies]
    for path in _paths(contents[0]):
        values = dict.fromkeys(canonical(_at(content, path)) for content in contents)
        if len(values) > 1:
            return f"{'.'.join(path)} is {' and '.join(list(values)[:EXAMPLES])}"
    return "in fields that only some have, or in the order of entries"


def _paths(content: Mapping[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _paths(value, (*above, name))
        else:
            yield (*above, name)


def _at(content: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        content = content.get(name) if isinstance(content, Mapping) else None
    return content
