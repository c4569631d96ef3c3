"""The checkers of a run, one for each thing that must hold, and the judgement over all of them.

A checker takes the evidence and returns a finding: pass, fail or inconclusive. A checker that raises is
inconclusive, never a pass. Any fail makes the verdict fail; otherwise any inconclusive makes it inconclusive.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress

from wavetank.scenarios.oracle.evidence import (
    Checker,
    Evidence,
    Expectations,
    Finding,
    Judgement,
    Verdict,
    failed,
    passed,
    unclear,
)
from wavetank.scenarios.oracle.history import EVENT_TIME, Operation, Outcome, Value
from wavetank.scenarios.oracle.hops import Hop, Passage, losses
from wavetank.scenarios.oracle.ledger import Entry, contents, total
from wavetank.scenarios.oracle.own_code_checkers import deterministic, dropped, own_code
from wavetank.scenarios.oracle.reference_checkers import as_of_arrival
from wavetank.scenarios.oracle.transit_checkers import alarms, convergence, order, set_aside

EXAMPLES = 3
ON_THE_WAY_TO_REST = tuple(hop for hop in Hop if hop is not Hop.PARQUET)
"""The hops up to the data of record; Parquet is a copy of these."""


def judge(evidence: Evidence, checkers: Sequence[Checker]) -> Judgement:
    """The findings of all `checkers`; one that raises is inconclusive and keeps none of the others from speaking."""
    findings = list[Finding]()
    for checker in checkers:
        try:
            findings.append(checker(evidence))
        except Exception as error:
            name = getattr(checker, "__name__", repr(checker)).replace("_", "-")
            findings.append(unclear(name, f"the checker itself failed: {type(error).__name__}: {error}"))
    findings = [_turned(finding, evidence.expectations) for finding in findings]
    ledger, passages = dict[str, Entry](), dict[str, Passage]()
    with suppress(Exception):
        ledger |= evidence.entries
        passages |= evidence.passages
    return Judgement(tuple(findings), ledger, passages)


def _turned(finding: Finding, expectations: Expectations) -> Finding:
    """The finding on a fault that the drill has on purpose: it passes where the checker that has to catches it."""
    name, failed_as_wanted = finding.checker, finding.verdict is Verdict.FAIL
    if name in expectations.caught_by:
        if failed_as_wanted:
            return passed(name, f"caught, as it has to be: {finding.detail}")
        return failed(name, f"did not catch what the drill has wrong on purpose: {finding.detail}")
    if name in expectations.spoils and failed_as_wanted:
        return passed(name, f"spoilt, as it may be: {finding.detail}")
    return finding


def conservation(evidence: Evidence) -> Finding:
    """Every acknowledged event is landed, quarantined or late, and nothing is at rest that was never sent."""
    entries = evidence.entries
    unbalanced = [event_type for event_type, entry in entries.items() if not entry.ledger.balanced]
    if unbalanced:
        return failed("conservation", f"the ledger of {', '.join(unbalanced)} does not balance")
    finding = _none_of("conservation", entries, ("lost", "unexpected"))
    if finding.verdict is Verdict.FAIL:
        return failed("conservation", "; ".join((finding.detail, *losses(evidence.passages, ON_THE_WAY_TO_REST))))
    sums = total(entries)
    return passed("conservation", f"{sums.landed} of {sums.acknowledged} acknowledged events landed")


def uniqueness(evidence: Evidence) -> Finding:
    """No id is at rest more than once, in the same or in different partitions."""
    return _none_of("uniqueness", evidence.entries, ("duplicated",))


def placement(evidence: Evidence) -> Finding:
    """Every record is in the partition of its event type, time and id."""
    return _none_of("placement", evidence.entries, ("misplaced",))


def content(evidence: Evidence) -> Finding:
    """Every record is what was sent, and what the enrichment adds."""
    return _none_of("content", evidence.entries, ("corrupted",))


def nothing_set_aside(evidence: Evidence) -> Finding:
    """At the end no event is in quarantine only, and none is late: all of them could land."""
    return _none_of("nothing-set-aside", evidence.entries, ("quarantined", "late"))


def row_order(evidence: Evidence) -> Finding:
    """The records of every file are in the order of event time, and of one moment in that of their ids."""
    files: defaultdict[tuple[Hop, str], list[tuple[Value, str]]] = defaultdict(list)
    for layer, records in ((Hop.MERGED, evidence.at_rest.avro), (Hop.PARQUET, evidence.at_rest.parquet)):
        for record in records:
            files[layer, record.source].append((record.content.get(EVENT_TIME), record.event_id))
    wrong = sorted(key for (_, key), rows in files.items() if rows != sorted(rows, key=_place))
    if wrong:
        return failed("row-order", f"{len(wrong)} of {len(files)} files are in another, such as {wrong[0]}")
    return passed("row-order", f"{len(files)} files in the order of time and id")


def avro_equals_parquet(evidence: Evidence) -> Finding:
    """Avro and Parquet hold the same records in the same partitions, as often."""
    name = "avro-equals-parquet"
    avro, parquet = contents(evidence.at_rest.avro), contents(evidence.at_rest.parquet)
    if avro == parquet:
        return passed(name, f"{avro.total()} records in each")
    only_avro, only_parquet = avro - parquet, parquet - avro
    some = ", ".join(sorted({key[1] for key in only_avro | only_parquet})[:EXAMPLES])
    difference = f"{only_avro.total()} only in Avro, {only_parquet.total()} only in Parquet, such as {some}"
    return failed(name, "; ".join((difference, *losses(evidence.passages, (Hop.PARQUET,)))))


def idempotence(evidence: Evidence) -> Finding:
    """Doing everything again left the bytes of every file at rest as they were.

    Inconclusive where the second time was not like the first: an event was not taken again, or made no new part.
    """
    second = evidence.second_pass
    if second is None:
        return unclear("idempotence", "nothing was done a second time")
    finding = _same_files("idempotence", evidence.at_rest.digests, second.digests, "the second time")
    if finding.verdict is not Verdict.PASS:
        return finding
    first = _acknowledged(evidence.history.operations)
    ids = sorted(event_id for _, event_id in first - _acknowledged(second.operations))
    if ids:
        some = ", ".join(ids[:EXAMPLES])
        what = f"{len(ids)} of {len(first)} events were not acknowledged when sent again, such as {some}"
        return unclear("idempotence", what)
    # Partitions whose files hold no event have none that could come again.
    eventless = {_folder(f"parts/{key.partition('/')[2]}") for key in evidence.at_rest.empty_files}
    before = {_folder(key) for key in second.part_digests} - eventless
    folders = sorted(before - {_folder(key) for key in second.fed_parts - second.part_digests.keys()})
    if folders:
        what = f"{len(folders)} of {len(before)} partitions got no new part when fed again, such as {folders[0]}"
        return unclear("idempotence", what)
    return finding


def redelivery(evidence: Evidence) -> Finding:
    """Every chunk whose mark was taken off was done again, which left every part file as it was and made no other."""
    second = evidence.second_pass
    if second is None:
        return unclear("redelivery", "nothing was done a second time")
    if second.undone:
        undone = f"{len(second.undone)} of {second.chunks} chunks"
        return failed("redelivery", f"{undone} were not done again, such as {second.undone[0]}")
    if not second.chunks and evidence.expectations.ages:
        return passed("redelivery", "there was no chunk to deliver again: all have expired")
    if not second.chunks:
        return unclear("redelivery", "there was no chunk to deliver again")
    return _same_files("redelivery", evidence.at_rest.part_digests, second.part_digests, "when delivered again")


def same_as_control(evidence: Evidence) -> Finding:
    """The files at rest are, byte for byte, those of the run without faults.

    An additional file without an event is no difference: a partition is left so whose events all are copies of earlier
    ones.
    """
    if evidence.is_control:
        return passed("same-as-control", "this is the control")
    if evidence.expectations.ages:
        return passed("same-as-control", "not compared: its events are of the hours in which it was held")
    if evidence.control is None:
        return unclear("same-as-control", "no control: it did not come to its end")
    empty = evidence.at_rest.empty_files - evidence.control.keys()
    digests = {key: digest for key, digest in evidence.at_rest.digests.items() if key not in empty}
    return _same_files("same-as-control", evidence.control, digests, "with the faults")


def faults_fired(evidence: Evidence) -> Finding:
    """Every fault of the drill struck at least once: a drill without its faults shows nothing."""
    never = sorted(name for name, times in evidence.fired.items() if times < 1)
    if never:
        return unclear("faults-fired", f"never fired: {', '.join(never)}")
    listed = ", ".join(f"{name} ×{times}" for name, times in evidence.fired.items())
    return passed("faults-fired", listed or "none was asked for")


def something_acknowledged(evidence: Evidence) -> Finding:
    """At least one event was acknowledged: nothing lost of nothing shows nothing."""
    acknowledged = total(evidence.entries).acknowledged
    if acknowledged:
        return passed("something-acknowledged", f"{acknowledged} events")
    return unclear("something-acknowledged", "no event was acknowledged")


def looks(evidence: Evidence) -> Finding:
    """The looks of the drill saw what it expected on the way: the fault did its harm, and only that."""
    for result in evidence.looks:
        if not result.passed:
            verdict = Verdict.INCONCLUSIVE if result.inconclusive else Verdict.FAIL
            return Finding("looks", verdict, f"{result.look}: {result.detail}")
    return passed("looks", "; ".join(f"{result.look}: {result.detail}" for result in evidence.looks) or "none")


def permissions(evidence: Evidence) -> Finding:
    """No call was refused for a right that its role lacks, or that a topic, queue, bucket or function does not give."""
    refused = sorted(set(evidence.refused))
    if refused:
        return failed("permissions", f"{len(evidence.refused)} calls refused, such as {'; '.join(refused[:EXAMPLES])}")
    return passed("permissions", "no call was refused")


CHECKERS: tuple[Checker, ...] = (
    something_acknowledged,
    faults_fired,
    looks,
    permissions,
    conservation,
    nothing_set_aside,
    set_aside,
    own_code,
    dropped,
    deterministic,
    as_of_arrival,
    uniqueness,
    placement,
    content,
    order,
    row_order,
    avro_equals_parquet,
    redelivery,
    idempotence,
    same_as_control,
    convergence,
    alarms,
)
"""Every checker, in the order in which they are reported."""


def _none_of(checker: str, entries: Mapping[str, Entry], names: tuple[str, ...]) -> Finding:
    wrongs = [
        f"{len(ids)} {event_type} {name}, such as {', '.join(ids[:EXAMPLES])}"
        for event_type, entry in entries.items()
        for name in names
        if (ids := entry.ids[name])
    ]
    return failed(checker, "; ".join(wrongs)) if wrongs else passed(checker, f"none {' or '.join(names)}")


def _same_files(checker: str, before: Mapping[str, str], after: Mapping[str, str], when: str) -> Finding:
    keys = sorted(before.keys() | after.keys())
    if not keys:
        return unclear(checker, "there are no files at rest")
    changed = [key for key in keys if before.get(key) != after.get(key)]
    if not changed:
        return passed(checker, f"{len(keys)} files, the same bytes {when}")
    return failed(checker, f"{len(changed)} of {len(keys)} files differ {when}, such as {changed[0]}")


def _place(row: tuple[Value, str]) -> tuple[int, bytes]:
    time, event_id = row
    return (time if isinstance(time, int) else 0), event_id.encode()


def _acknowledged(operations: Sequence[Operation]) -> set[tuple[str, str]]:
    return {(sent.event_type, sent.event_id) for sent in operations if sent.outcome is Outcome.OK}


def _folder(key: str) -> str:
    return key.rpartition("/")[0]
