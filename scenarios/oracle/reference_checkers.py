"""The checker of reference data: every copy of a record is enriched as of its arrival, whichever is at rest."""

from collections.abc import Collection, Iterator, Mapping

from wavetank.scenarios.oracle.at_rest import Model, canonical, present
from wavetank.scenarios.oracle.evidence import Copies, Evidence, Finding, failed, passed, unclear
from wavetank.scenarios.oracle.history import Operation, Value
from wavetank.scenarios.oracle.references import AS_OF

EXAMPLES = 3


def as_of_arrival(evidence: Evidence) -> Finding:
    """Every processed copy was enriched with what was in effect when one of its raw records arrived, and says so.

    Of copies that are at rest `content` judges as well; this is about those that came to the processed stream several
    times, the losers among them. The index of each reference has to be as the drill published it.
    """
    name, model = "as-of-arrival", evidence.model
    wrong = [
        f"the index of {reference} is wrong: {problem}"
        for reference, history in model.references.items()
        for problem in history.problems
    ]
    if wrong:
        return failed(name, "; ".join(wrong[:EXAMPLES]))
    if evidence.flow is None:
        return unclear(name, "what came to the streams could not be read")
    sent = {operation.payload: operation for operation in evidence.history.operations if not operation.flaw}
    count = 0
    for event_type, versions in evidence.flow.processed.items():
        if model.in_effect(event_type, 0).since_us is None:
            continue
        for (event_id, _), copies in versions.items():
            count += 1
            wrong += [f"{event_type} {event_id}: {told}" for told in _wrong(event_type, copies, sent, model)]
    if wrong:
        return failed(name, f"{len(wrong)} bodies were enriched otherwise, such as {'; '.join(wrong[:EXAMPLES])}")
    return passed(name, f"{count} events were processed more than once, each copy as of its arrival")


def _wrong(event_type: str, copies: Copies, sent: Mapping[str, Operation], model: Model) -> Iterator[str]:
    """The bodies that none of the raw records can have given, in words; of own code only since when is looked at."""
    known = [(sent[raw.payload], raw.arrived_us) for raw in copies.raw if raw.payload in sent]
    if not known or len(known) < len(copies.raw):
        return
    enrichment = model.enrichments.get(event_type)
    columns = enrichment.add if enrichment is not None and event_type not in model.own else ()
    expected = [model.expected(event_type, one.content, arrived_us) for one, arrived_us in known]
    for body in copies.bodies:
        # A body of an earlier version has not all of them; the release before says nothing of when.
        names = {name for name in (AS_OF, *columns) if name in body.content}
        if model.undated and body.content.get(AS_OF) is None:
            names.discard(AS_OF)
        due = {_of(content, names) for content in expected}
        there = _of(body.content, names)
        if there not in due:
            yield f"{there}, and due is {' or '.join(sorted(due))}"


def _of(content: Mapping[str, Value], names: Collection[str]) -> str:
    return canonical(present({name: content.get(name) for name in names}))
