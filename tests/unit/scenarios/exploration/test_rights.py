"""Rights that were used and those that were not, of the pipeline's template."""

import json
from pathlib import Path

import pytest

from wavetank.emulator.errors import CallerError
from wavetank.pipeline import topology
from wavetank.pipeline.template.logical import logical
from wavetank.pipeline.template.render import whole
from wavetank.pipeline.template.rights import Listed, Right, entry, rights_of
from wavetank.scenarios.exploration.rights import Deployed, Use, counted, read, table, uses_of

PLANNED = topology.load(Path(__file__).parents[4] / "schemas")
TYPES = {logical(event.name): event.name for event in PLANNED.events}
DEPLOYED = Deployed(whole(PLANNED), TYPES, "000000000000", "us-east-1")
CHUNKS = Right("PartitionerRole", "s3:PutObjectTagging", "${DataBucket.Arn}/chunks/*")
NOTHING_UNUSED = Listed(frozenset(), {})


def test_a_right_is_used_where_its_own_part_of_the_policy_allowed_something() -> None:
    bucket = "arn:aws:s3:::wavetank-data-000000000000/"
    used = {"holder": "PartitionerRole", "action": CHUNKS.action, "resource": bucket}
    [use] = uses_of([CHUNKS], counted([{**used, "resource": bucket + "chunks/*"}]), DEPLOYED, NOTHING_UNUSED)
    assert (use.times, use.is_as_listed) == (1, True)
    for other in (
        {"resource": bucket + "*"},
        {"resource": bucket + "chunks/*", "holder": "Other"},
        {"resource": bucket + "chunks/*", "action": "s3:*"},
    ):
        [use] = uses_of([CHUNKS], counted([{**used, **other}]), DEPLOYED, NOTHING_UNUSED)
        assert (use.times, use.is_as_listed) == (0, False)


def test_what_nothing_used_has_to_be_listed_and_what_is_listed_must_not_be_used() -> None:
    key = entry(CHUNKS, TYPES)
    known = Listed(frozenset({key}), {key: "a reason"})
    [unused] = uses_of([CHUNKS], {}, DEPLOYED, known)
    assert unused.is_as_listed
    assert "a reason" in table([unused])
    assert not Use(*key, times=3, reason="a reason").is_as_listed


def test_event_types_use_a_right_together() -> None:
    rights = [right for right in rights_of(DEPLOYED.template) if right.action == "kinesis:PutRecords"]
    resource = f"arn:aws:kinesis:us-east-1:000000000000:stream/{PLANNED.events[0].processed_stream}"
    used = [{"holder": rights[0].holder, "action": "kinesis:PutRecords", "resource": resource, "times": 4}]
    assert len(rights) == len(TYPES)
    [use] = uses_of(rights, counted(used), DEPLOYED, NOTHING_UNUSED)
    assert use.times == 4


def test_what_stacks_wrote_is_read_and_what_they_did_not_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rights.jsonl"
    path.write_text(json.dumps({"holder": "h", "action": "a:b", "resource": "*"}) + "\n")
    assert read([path, path]) == {("h", "a:b", "*"): 2}
    for text in ("{", "[1]", '{"holder": "h"}'):
        path.write_text(text)
        with pytest.raises(CallerError):
            read([path])
    with pytest.raises(CallerError):
        read([tmp_path / "none"])
