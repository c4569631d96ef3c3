"""What must hold of the way to rest: the order of copies, what was set aside and why, and how long it all took."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from wavetank.scenarios.oracle.evidence import Evidence, Finding, failed, passed, unclear
from wavetank.scenarios.oracle.history import Outcome
from wavetank.scenarios.oracle.hops import Hop
from wavetank.scenarios.oracle.observed import Course, Version

EXAMPLES = 3


def order(evidence: Evidence) -> Finding:
    """Versions of one event come to the processed stream in the order in which they came to the raw one.

    That is promised of the first copy of each version, where all copies of the event came by one shard of each stream,
    as they do with the event id for a partition key. It is not promised of an event that was in quarantine, which comes
    back later, nor where the stream refused single records of a call.
    """
    if evidence.trail is None:
        return unclear("order", "what came to the streams could not be read")
    if not evidence.expectations.in_order:
        return passed("order", "not promised: the streams refused single records")
    aside = _ids_set_aside(evidence)
    compared, wrong = 0, list[str]()
    for event_type in evidence.history.event_types:
        raw, processed = (
            _versions(evidence.trail.courses.get((event_type, hop), ())) for hop in (Hop.RAW, Hop.PROCESSED)
        )
        for event_id in sorted((raw.keys() & processed.keys()) - aside):
            before = [version for version in raw[event_id] if version in processed[event_id]]
            after = [version for version in processed[event_id] if version in before]
            compared += len(before) > 1
            wrong += [event_id] if before != after else []
    if wrong:
        return failed("order", f"{len(wrong)} of {compared} events changed it, such as {', '.join(wrong[:EXAMPLES])}")
    return passed("order", f"kept by {compared} events" if compared else "no event came in several versions")


def set_aside(evidence: Evidence) -> Finding:
    """Exactly what was damaged is set aside for its reason, and other events only for the reasons that the drill names.

    Bytes count once, however often they came back.
    """
    reasons: dict[str, set[str]] = {}
    for record in evidence.at_rest.quarantine:
        reasons.setdefault(record.payload, set()).add(record.reason)
    flaws = {sent.payload: sent.flaw for sent in evidence.history.operations if sent.flaw}
    owed = {sent.payload for sent in evidence.history.operations if sent.flaw and sent.outcome is Outcome.OK}
    promised = evidence.expectations.reasons
    wrong = Counter(f"{flaws[payload]} not set aside" for payload in owed - reasons.keys())
    for payload, found in reasons.items():
        flaw = flaws.get(payload, "")
        strange = found - {flaw} if flaw else set() if promised is None else found - promised
        wrong.update(f"{flaw} set aside as {reason}" if flaw else f"sound set aside as {reason}" for reason in strange)
    if wrong:
        return failed("set-aside", _listed(wrong))
    return passed("set-aside", _listed(Counter(reason for found in reasons.values() for reason in found)) or "nothing")


def convergence(evidence: Evidence) -> Finding:
    """The data at rest change no more than so long after the healing, where the drill says how long that may be."""
    if evidence.trail is None:
        return unclear("convergence", "it is not known when what is at rest changed")
    took_s, bound_s = evidence.trail.convergence_s, evidence.expectations.converges_within_s
    if took_s is None:
        said = "nothing was healed" if evidence.trail.healed_s is None else "nothing is at rest"
        return passed("convergence", said) if bound_s is None else unclear("convergence", said)
    said = f"{took_s:.1f} s after the healing"
    if bound_s is None:
        return passed("convergence", said)
    return (passed if took_s <= bound_s else failed)("convergence", f"{said}, {bound_s:g} s at most")


def alarms(evidence: Evidence) -> Finding:
    """The alarms that the drill names rang before the data at rest were read, and no other did."""
    if evidence.trail is None:
        return unclear("alarms", "what the alarms watch could not be read")
    known = {watched.alarm.name for watched in evidence.trail.alarms}
    rang = {watched.alarm.name for watched in evidence.trail.alarms if watched.rang}
    wanted = evidence.expectations.alarms
    told = f"{', '.join(sorted(rang)) or 'none'} of {len(known)} rang"
    if wanted is None or rang == wanted:
        return passed("alarms", told)
    if wanted - known:
        return unclear("alarms", f"there is no alarm {', '.join(sorted(wanted - known))}")
    silent, loud = ", ".join(sorted(wanted - rang)), ", ".join(sorted(rang - wanted))
    return failed("alarms", "; ".join(filter(None, (silent and f"{silent} should have rung", loud and f"{loud} rang"))))


def _versions(course: Course) -> Mapping[str, list[Version]]:
    """The versions of each event in the order of their first copies; without the events that came by several shards."""
    found: defaultdict[str, list[Version]] = defaultdict(list)
    shards: defaultdict[str, set[int]] = defaultdict(set)
    for shard, versions in enumerate(course):
        for version in dict.fromkeys(versions):
            found[version[0]].append(version)
            shards[version[0]].add(shard)
    return {event_id: versions for event_id, versions in found.items() if len(shards[event_id]) == 1}


def _ids_set_aside(evidence: Evidence) -> set[str]:
    by_payload = {sent.payload: sent.event_id for sent in evidence.history.operations if not sent.flaw}
    return {by_payload.get(record.payload, "") for record in evidence.at_rest.quarantine}


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
