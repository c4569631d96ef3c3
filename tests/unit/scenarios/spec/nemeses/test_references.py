"""What a drill breaks is broken as it says."""

from wavetank.emulator.stack.home import project_root
from wavetank.pipeline import topology
from wavetank.pipeline.components.reference_files import snapshot_of
from wavetank.pipeline.reference.snapshot import Snapshot
from wavetank.scenarios.spec.nemeses.references import renewed
from wavetank.scenarios.workload.synthetic import UNLISTED_CAMPAIGNS


def test_renewed_reference_data_have_other_values_for_every_key_and_rows_for_more() -> None:
    snapshot = Snapshot(snapshot_of(topology.load(project_root() / "schemas").reference("campaigns"))[1])
    before = {row[snapshot.table.key[0]]: row for row in snapshot.rows()}
    table, rows = renewed(snapshot)
    after = {row[0]: dict(zip((column.name for column in table.columns), row, strict=True)) for row in rows}
    assert table == snapshot.table
    assert set(after) == {*before, *UNLISTED_CAMPAIGNS}
    for campaign, row in before.items():
        changed = {name for name in row if row[name] != after[campaign][name]}
        assert changed == set(row) - set(table.key)
