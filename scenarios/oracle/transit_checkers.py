"""Checkers of the way to rest: the order of copies, what was set aside and why, how long it took, and the alarms."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping

from wavetank.scenarios.oracle.evidence import Arrivals, Evidence, Finding, Version, failed, passed, unclear
from wavetank.scenarios.oracle.history import EVENT_ID, Outcome
from wavetank.scenarios.oracle.hops import Hop

EXAMPLES = 3


def order(evidence: Evidence) -> Finding:
    """Versions of one event come to the processed stream in the order in which they came to the raw one.

    That is promised of the first copy of each version, where all copies of the event came by one shard of each stream,
    as they do with the event id for a partition key. Of an event type that is put by another field it is promised of
    all events with one value of that. It is not promised of an event that was in quarantine, which comes back later,
    nor where the stream refused single records of a call.
    """
    if evidence.flow is None:
        return unclear("order", "what came to the streams could not be read")
    if not evidence.expectations.in_order:
        return passed("order", "not promised: the streams refused single records")
    by_payload = {sent.payload: sent.event_id for sent in evidence.history.operations if not sent.flaw}
    aside = {by_payload.get(record.payload, "") for record in evidence.at_rest.quarantine}
    compared, wrong = 0, list[str]()
    for event_type in evidence.history.event_types:
        keys = _keys(evidence, event_type)
        (raw, _), (processed, scattered) = (
            _versions(evidence.flow.arrivals.get((event_type, hop), ()), keys, aside)
            for hop in (Hop.RAW, Hop.PROCESSED)
        )
        moved = scattered & raw.keys() & set(keys.values()) if evidence.expectations.keys_stay else set[str]()
        compared += len(moved)
        wrong += sorted(moved)
        for key in sorted(raw.keys() & processed.keys()):
            there = set(raw[key]) & set(processed[key])
            before, after = ([version for version in of[key] if version in there] for of in (raw, processed))
            compared += len(before) > 1
            wrong += [key] if before != after else []
    if wrong:
        return failed("order", f"{len(wrong)} of {compared} keys changed it, such as {', '.join(wrong[:EXAMPLES])}")
    return passed("order", f"kept by {compared} keys" if compared else "no key came with several versions")


def _keys(evidence: Evidence, event_type: str) -> Mapping[str, str]:
    """Event id → the key that its order is kept by; empty where that is the id itself."""
    name = evidence.model.of(event_type).partition_key
    sent = evidence.history.of(event_type) if name != EVENT_ID else ()
    return {each.event_id: str(key) for each in sent if (key := each.content.get(name)) not in (None, "")}


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
    for payload, its_reasons in reasons.items():
        flaw = flaws.get(payload, "")
        strange = its_reasons - {flaw} if flaw else set() if promised is None else its_reasons - promised
        wrong.update(f"{flaw or 'sound'} set aside as {reason}" for reason in strange)
    counts = wrong or Counter(reason for its_reasons in reasons.values() for reason in its_reasons)
    listed = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    return failed("set-aside", listed) if wrong else passed("set-aside", listed or "nothing")


def convergence(evidence: Evidence) -> Finding:
    """The data at rest change no more than so long after the healing, where the drill says how long that may be."""
    if evidence.flow is None:
        return unclear("convergence", "it is not known when what is at rest changed")
    took_s, bound_s = evidence.flow.convergence_s, evidence.expectations.converges_within_s
    if took_s is None:
        reason = "nothing was healed" if evidence.flow.healed_s is None else "nothing is at rest"
        return passed("convergence", reason) if bound_s is None else unclear("convergence", reason)
    duration = f"{took_s:.1f} s after the healing"
    if bound_s is None:
        return passed("convergence", duration)
    return (passed if took_s <= bound_s else failed)("convergence", f"{duration}, {bound_s:g} s at most")


def alarms(evidence: Evidence) -> Finding:
    """The alarms that the drill names rang before the data at rest were read, and no other did.

    Those of them that it says page somebody are those that do.
    """
    if evidence.flow is None:
        return unclear("alarms", "what the alarms watch could not be read")
    there = {watched.alarm.name for watched in evidence.flow.alarms}
    rang = {watched.alarm.name for watched in evidence.flow.alarms if watched.rang}
    paged = {watched.alarm.name for watched in evidence.flow.alarms if watched.rang and watched.alarm.pages}
    expected, pages = evidence.expectations.alarms, evidence.expectations.pages
    if expected is None or (rang == expected and paged == pages):
        return passed("alarms", f"{', '.join(sorted(rang)) or 'none'} of {len(there)} rang")
    if expected - there:
        return unclear("alarms", f"there is no alarm {', '.join(sorted(expected - there))}")
    wrong = {
        "should have rung": expected - rang,
        "rang": rang - expected,
        "should have paged": (pages & rang) - paged,
        "paged": (paged & expected) - pages,
    }
    return failed("alarms", "; ".join(f"{', '.join(sorted(names))} {what}" for what, names in wrong.items() if names))


def _versions(
    arrivals: Arrivals, keys: Mapping[str, str], aside: Collection[str]
) -> tuple[Mapping[str, list[Version]], set[str]]:
    """The versions of the events of each key, in the order of their first copies, and the keys that have no order.

    Those came by several shards. Events that were set `aside` count for nothing.
    """
    by_key: defaultdict[str, list[Version]] = defaultdict(list)
    shards: defaultdict[str, set[int]] = defaultdict(set)
    for shard, versions in enumerate(arrivals):
        for version in dict.fromkeys(versions):
            if version[0] not in aside:
                key = keys.get(version[0], version[0])
                by_key[key].append(version)
                shards[key].add(shard)
    scattered = {key for key in by_key if len(shards[key]) > 1}
    return {key: versions for key, versions in by_key.items() if key not in scattered}, scattered
