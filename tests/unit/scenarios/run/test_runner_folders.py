"""Every run has a folder of its own, also where several end within a second."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from tests.unit.scenarios.run.test_parallel import SMALL
from tests.unit.scenarios.site_double import still_site
from wavetank.scenarios.drills.catalogue import CONTROL, catalogue
from wavetank.scenarios.run.runner import Runner

RUNS = 8


def test_runs_that_end_within_a_second_share_no_folder(tmp_path: Path) -> None:
    control = replace(catalogue()[CONTROL], workload=SMALL)
    runners = [Runner(still_site(lambda _: None), tmp_path / "runs") for _ in range(RUNS)]
    with ThreadPoolExecutor(RUNS) as pool:
        folders = list(pool.map(lambda runner: runner.run(control, 1, None)[0].folder, runners))
    assert len(set(folders)) == RUNS
    assert all((folder / "report.json").is_file() for folder in folders)
