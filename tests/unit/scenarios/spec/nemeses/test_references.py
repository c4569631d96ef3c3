"""What a drill breaks is broken as it says."""

import json
from io import BytesIO
from typing import Any

from fastavro import schemaless_writer

from wavetank.emulator.stack.home import project_root
from wavetank.scenarios.client.wire import newest_schema
from wavetank.scenarios.spec.nemeses.references import renewed
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS

SCHEMAS = project_root() / "schemas"
CAMPAIGNS = json.loads((SCHEMAS / "reference" / "campaigns.json").read_text())
CLICK = newest_schema(SCHEMAS / "click", "processed")


def body(row: dict[str, Any]) -> bytes:
    out = BytesIO()
    schemaless_writer(out, CLICK.parsed, {"event_id": "c", "event_time": 1, **row})
    return out.getvalue()


def test_a_copy_that_is_enriched_with_renewed_reference_data_is_the_larger_one() -> None:
    newer = renewed(CAMPAIGNS)["rows"]
    assert set(newer) == {*CAMPAIGNS["rows"], *UNLISTED_CAMPAIGNS}
    for campaign, row in newer.items():
        assert body(CAMPAIGNS["rows"].get(campaign, {})) < body(row)
