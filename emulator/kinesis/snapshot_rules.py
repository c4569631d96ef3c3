"""The rules that an exported state keeps; a state that breaks any is refused before anything has changed.

Types and limits are those of the API Reference; how shards follow one on another is what `ShardSet` makes of splits
and merges, and what retention leaves of them.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any

from localstack.utils.aws.arns import kinesis_stream_arn

from wavetank.emulator.kinesis.errors import KinesisError
from wavetank.emulator.kinesis.model import sequence
from wavetank.emulator.kinesis.model.consumer import MAX_CONSUMERS
from wavetank.emulator.kinesis.model.shards import HASH_KEYS
from wavetank.emulator.kinesis.operations.tags import check_tags
from wavetank.emulator.kinesis.settings import MAX_RETENTION_HOURS, MIN_RETENTION_HOURS, Mode, ShardMetric
from wavetank.emulator.kinesis.store import REGIONS
from wavetank.emulator.runtime.clock import END, MARGIN_S
from wavetank.emulator.runtime.json_text import parsed

type Plain = Mapping[str, Any]

LATEST_MS = int(END - MARGIN_S) * 1000
LONGEST_KEY = 256
LARGEST_KIB = 1_024, 10_240
MOST_SHARDS = 1 << 32
ACCOUNT = re.compile(r"\d{12}", re.ASCII)
NAME = re.compile(r"[a-zA-Z0-9_.-]{1,128}")
HASH_KEY = re.compile(r"0|[1-9]\d{0,38}", re.ASCII)
TAG_KEY, TAG_VALUE = re.compile(r"(?s).{1,128}"), re.compile(r"(?s).{0,256}")
KMS_KEY = re.compile(r"(?s).{1,2048}")
SETTINGS = (
    "mode", "retention_hours", "max_record_kib", "warm_throughput_mibps", "kms_key", "metrics", "tags", "policy"
)  # fmt: skip
STREAM = (
    "account", "region", "name", "arn", "created_ms", "opened", "epoch", "settings", "consumers", "shards"
)  # fmt: skip
CONSUMER = ("name", "arn", "created_ms", "tags", "policy")
SHARD = (
    "number", "epoch", "first_hash", "last_hash", "opened_ms", "closed_ms", "parents", "children", "head", "records"
)  # fmt: skip


def check(state: object, version: int) -> None:
    """Raise ValueError, naming the place and the rule, unless `export_state` can have made `state`."""
    stated = state.get("version", version) if isinstance(state, Mapping) else version
    if type(stated) is not int or stated != version:
        raise ValueError(f"exported by another version: {stated!r:.80}")
    plain = _object(state, "the state", ("version", "streams"))
    streams = _list(plain["streams"], "streams")
    for place, stream in enumerate(streams):
        _check_stream(stream, f"streams[{place}]")
    if len({stream["arn"] for stream in streams}) < len(streams):
        raise _broken("streams", "it has one stream twice")


def _broken(where: str, rule: str) -> ValueError:
    return ValueError(f"not an exported state: {where}: {rule}")


def _check_stream(given: object, where: str) -> None:
    stream = _object(given, where, STREAM)
    _text(stream["account"], f"{where}.account", ACCOUNT)
    _one_of(stream["region"], f"{where}.region", REGIONS)
    _text(stream["name"], f"{where}.name", NAME)
    arn = kinesis_stream_arn(stream["name"], stream["account"], stream["region"])
    _one_of(stream["arn"], f"{where}.arn", [arn])
    _whole(stream["created_ms"], f"{where}.created_ms", 0, LATEST_MS)
    _whole(stream["opened"], f"{where}.opened", 1, MOST_SHARDS)
    _whole(stream["epoch"], f"{where}.epoch", 1, sequence.LAST_EPOCH)
    _check_settings(stream["settings"], f"{where}.settings")
    consumers = _list(stream["consumers"], f"{where}.consumers")
    for place, given_consumer in enumerate(consumers):
        there = f"{where}.consumers[{place}]"
        consumer = _object(given_consumer, there, CONSUMER)
        _text(consumer["name"], f"{there}.name", NAME)
        _whole(consumer["created_ms"], f"{there}.created_ms", 0, LATEST_MS)
        consumer_arn = f"{arn}/consumer/{consumer['name']}:{consumer['created_ms'] // 1000}"
        _one_of(consumer["arn"], f"{there}.arn", [consumer_arn])
        _check_tags(consumer["tags"], f"{there}.tags")
        _check_policy(consumer["policy"], f"{there}.policy")
    names = [consumer["name"] for consumer in consumers]
    if names != sorted(set(names)) or len(names) > MAX_CONSUMERS:
        raise _broken(f"{where}.consumers", f"at most {MAX_CONSUMERS}, by name, and none twice")
    shards = _list(stream["shards"], f"{where}.shards")
    for place, shard in enumerate(shards):
        _check_shard(shard, f"{where}.shards[{place}]")
    for rule in _broken_lineage_rules(stream, {shard["number"]: shard for shard in shards}):
        raise _broken(f"{where}.shards", rule)


def _check_settings(given: object, where: str) -> None:
    settings = _object(given, where, SETTINGS)
    _one_of(settings["mode"], f"{where}.mode", list(Mode))
    _whole(settings["retention_hours"], f"{where}.retention_hours", MIN_RETENTION_HOURS, MAX_RETENTION_HOURS)
    _whole(settings["max_record_kib"], f"{where}.max_record_kib", *LARGEST_KIB)
    if settings["warm_throughput_mibps"] is not None:
        _whole(settings["warm_throughput_mibps"], f"{where}.warm_throughput_mibps", 0, 1 << 31)
    if settings["kms_key"] is not None:
        _text(settings["kms_key"], f"{where}.kms_key", KMS_KEY)
    metrics = _list(settings["metrics"], f"{where}.metrics")
    for metric in metrics:
        _one_of(metric, f"{where}.metrics", list(ShardMetric))
    if metrics != sorted(set(metrics)):
        raise _broken(f"{where}.metrics", "in order, and none twice")
    _check_tags(settings["tags"], f"{where}.tags")
    _check_policy(settings["policy"], f"{where}.policy")


def _check_tags(given: object, where: str) -> None:
    if not isinstance(given, Mapping):
        raise _broken(where, "an object is needed")
    for key, value in given.items():
        _text(key, where, TAG_KEY)
        _text(value, f"{where}.{key:.128}", TAG_VALUE)
    try:
        check_tags(given, {})
    except KinesisError as error:
        raise _broken(where, error.message) from error


def _check_policy(given: object, where: str) -> None:
    if given is None:
        return
    try:
        is_object = isinstance(given, str) and isinstance(parsed(given), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise _broken(where, "null is needed, or the text of a JSON object")


def _check_shard(given: object, where: str) -> None:
    shard = _object(given, where, SHARD)
    _whole(shard["number"], f"{where}.number", 0, MOST_SHARDS - 1)
    _whole(shard["epoch"], f"{where}.epoch", 1, sequence.LAST_EPOCH)
    _text(shard["first_hash"], f"{where}.first_hash", HASH_KEY)
    _text(shard["last_hash"], f"{where}.last_hash", HASH_KEY)
    if not int(shard["first_hash"]) <= int(shard["last_hash"]) < HASH_KEYS:
        raise _broken(where, "a range of hash keys is needed")
    _whole(shard["opened_ms"], f"{where}.opened_ms", 0, LATEST_MS)
    if shard["closed_ms"] is not None:
        _whole(shard["closed_ms"], f"{where}.closed_ms", shard["opened_ms"], LATEST_MS)
    for relatives in ("parents", "children"):
        for number in _list(shard[relatives], f"{where}.{relatives}"):
            _whole(number, f"{where}.{relatives}", 0, MOST_SHARDS - 1)
    _whole(shard["head"], f"{where}.head", 1, sequence.LAST_INDEX - 1)
    records = _list(shard["records"], f"{where}.records")
    if shard["head"] + len(records) > sequence.LAST_INDEX:
        raise _broken(f"{where}.records", "a shard has no room for so many")
    earlier_ms = 0
    for place, record in enumerate(records):
        earlier_ms = _check_record(record, f"{where}.records[{place}]", earlier_ms)


def _check_record(given: object, where: str, earlier_ms: int) -> int:
    """Check a record that follows one of `earlier_ms`; returns its own arrival."""
    if not isinstance(given, list) or len(given) != 3:
        raise _broken(where, "[arrival in ms, partition key, data in base64] is needed")
    arrived_ms, key, data = given
    _whole(arrived_ms, where, earlier_ms, LATEST_MS)
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY:
        raise _broken(where, f"a partition key of 1 to {LONGEST_KEY} characters is needed")
    try:
        key.encode()
        decoded = base64.b64decode(data, validate=True)
    except (TypeError, ValueError) as error:
        raise _broken(where, "a key in UTF-8 and data in base64 are needed") from error
    if len(decoded) > LARGEST_KIB[1] * 1024 or base64.b64encode(decoded).decode() != data:
        raise _broken(where, f"at most {LARGEST_KIB[1]} KiB of data are needed, in base64 as it is written here")
    return int(arrived_ms)


def _broken_lineage_rules(stream: Plain, shards: Mapping[int, Plain]) -> Iterator[str]:
    """The rules that the shards break as parents and children: splits, merges and retention keep all of them."""
    numbers = [shard["number"] for shard in stream["shards"]]
    if numbers != sorted(shards) or not numbers or numbers[-1] >= stream["opened"]:
        yield "they are not in the order in which they were opened"
        return
    epochs = [shards[number]["epoch"] for number in numbers]
    if epochs != sorted(epochs) or epochs[-1] != stream["epoch"]:
        yield "their epochs do not grow to that of the stream"
    ranges = sorted(
        (int(it["first_hash"]), int(it["last_hash"]) + 1) for it in shards.values() if it["closed_ms"] is None
    )
    if [0, *(end for _, end in ranges)] != [*(start for start, _ in ranges), HASH_KEYS]:
        yield "those that are open do not share out all hash keys"
    for shard in shards.values():
        if not _is_related(shard, shards):
            yield f"shard {shard['number']} does not fit its parents and children"


def _is_related(shard: Plain, shards: Mapping[int, Plain]) -> bool:
    parents = [shards[number] for number in shard["parents"] if number in shards]
    children = [shards[number] for number in shard["children"] if number in shards]
    if bool(shard["children"]) is (shard["closed_ms"] is None) or len(children) < len(shard["children"]):
        return False
    if not _are_pair(shard["parents"], parents, shard) or any(it >= shard["number"] for it in shard["parents"]):
        return False
    if any(shard["number"] not in it["children"] or it["epoch"] >= shard["epoch"] for it in parents):
        return False
    if any(it["closed_ms"] is None or it["closed_ms"] > shard["opened_ms"] for it in parents):
        return False
    return _are_pair(shard["children"], children, shard) and all(shard["number"] in it["parents"] for it in children)


def _are_pair(named: list[int], relatives: list[Plain], shard: Plain) -> bool:
    """Whether up to two relatives are all there, or none is, and two share out the range of the shard."""
    if len(named) > 2 or len(set(named)) < len(named) or len(relatives) not in (0, len(named)):
        return False
    if len(relatives) < 2:
        return True
    lower, upper = relatives
    edges = [int(it) for it in (lower["first_hash"], lower["last_hash"], upper["first_hash"], upper["last_hash"])]
    return [edges[0], edges[3]] == [int(shard["first_hash"]), int(shard["last_hash"])] and edges[1] + 1 == edges[2]


def _object(given: object, where: str, names: tuple[str, ...]) -> Plain:
    if not isinstance(given, Mapping) or set(given) != set(names):
        raise _broken(where, f"an object of {', '.join(names)} is needed")
    return given


def _list(given: object, where: str) -> list[Any]:
    if not isinstance(given, list):
        raise _broken(where, "a list is needed")
    return given


def _whole(given: object, where: str, least: int, most: int) -> None:
    if type(given) is not int or not least <= given <= most:
        raise _broken(where, f"a whole number from {least} to {most} is needed, got {given!r:.80}")


def _text(given: object, where: str, pattern: re.Pattern[str]) -> None:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise _broken(where, f"a text like {pattern.pattern} is needed, got {given!r:.80}")


def _one_of(given: object, where: str, allowed: Any) -> None:
    if not isinstance(given, str) or given not in list(allowed):
        raise _broken(where, f"{given!r:.80} is none of {', '.join(sorted(allowed))}")
