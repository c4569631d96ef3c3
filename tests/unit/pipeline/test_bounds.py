"""Every number in the pipeline is a bound that something makes small, or says why it is none.

A path that is taken only beyond a bound is one that no ordinary run takes: what is wrong on it shows on the first large
day. So each bound has a line with the drill or the test that goes beyond it; a number without a line fails.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from wavetank.scenarios.drills.catalogue import catalogue
from wavetank.scenarios.site.settings import TIGHT

SMALL = 2
"""Numbers up to this one are no bounds where they stand in the middle of an expression."""
ITEMS = (ast.Constant, ast.BinOp, ast.UnaryOp, ast.Name, ast.Attribute, ast.Tuple)
"""The expressions that a number is written with."""


@dataclass(frozen=True)
class Beyond:
    """A bound, and what goes beyond it: a drill of the catalogue, or a test by its file below `tests/` and its name."""

    drill: str = ""
    test: str = ""


@dataclass(frozen=True)
class NoBound:
    """A number with which no other path begins, and why."""

    why: str


AVRO = NoBound(
    "how Avro writes numbers, or how many bytes a type has; test_binary and test_parse hold both sides of each"
)
SHOWN = NoBound("so much of it is shown to people")
CACHED = NoBound("schemas that are kept parsed; one more is parsed again")
FORMAT = NoBound("bytes or letters of a format of ours, the same in every file")
UNITS = NoBound("a unit, or the first and last moment of the calendar")
PROMISED = Beyond(test="unit/test_promises.py::test_the_template_has_the_numbers_that_are_promised")
RENDERED = Beyond(test="unit/pipeline/template/test_promises.py::test_a_template_that_breaks_a_promise_is_noticed")
SIZED = NoBound("memory and time that AWS gives; a function that lacks them is out-of-memory or timeout-mid-batch")
SETTABLE = NoBound("a bound of what can be set, or a default of it")
ALARMED = Beyond(test="unit/scenarios/spec/test_drill.py::test_each_kind_of_alarm_is_rung_by_some_drill")
MANY_EVENT_TYPES = Beyond(
    test="unit/pipeline/template/test_dashboards.py::"
    "test_dashboards_of_many_event_types_are_several_each_within_the_quotas"
)
LOGGED = NoBound("digits of seconds in a line of a log")
DRAWN = NoBound("places on the grid of a dashboard")
TIGHT_LIMITS = Beyond("tight-limits")
SNAPSHOTS = Beyond(
    test="unit/pipeline/reference/test_snapshot.py::test_every_row_is_found_by_its_key_as_it_was_written"
)
MANY_ROWS = Beyond(
    test="unit/pipeline/reference/test_snapshot.py::"
    "test_rows_of_many_batches_with_more_values_than_a_dictionary_holds_are_all_found"
)
IN_EFFECT = Beyond(
    test="unit/pipeline/aws/test_references.py::test_any_two_processings_of_a_record_find_the_same_entry"
)

LINES: Mapping[str, Beyond | NoBound] = {
    "avro/binary.py MOST_EMPTY_ITEMS": Beyond(test="unit/pipeline/avro/test_binary.py::test_hostile_bytes_are_refused"),
    "avro/binary.py INT": AVRO,
    "avro/binary.py (DEPTH, EMPTY)": NoBound("places in a list"),
    "avro/binary.py *": AVRO,
    "avro/canonical.py EMPTY": AVRO,
    "avro/canonical.py *": AVRO,
    "avro/defaults.py (INT, LONG)": AVRO,
    "avro/defaults.py Repr(maxother=60)": SHOWN,
    "avro/defaults.py Repr(maxstring=60)": SHOWN,
    "avro/limits.py MOST_TYPES": Beyond(
        test="unit/pipeline/avro/test_limits.py::test_a_schema_that_nobody_can_use_is_refused_with_the_limit"
    ),
    "avro/limits.py DEEPEST": Beyond(
        test="unit/pipeline/avro/test_binary.py::test_records_in_records_are_read_to_the_depth_there_is"
    ),
    "avro/parse.py DEEPEST": Beyond(
        test="unit/pipeline/avro/test_canonical.py::test_types_nested_without_end_are_refused"
    ),
    "avro/parse.py *": AVRO,
    "avro/python_values.py (INT, LONG)": AVRO,
    "avro/python_values.py LONGEST_SHOWN": SHOWN,
    "avro/python_values.py _decimals: lru_cache(256)": CACHED,
    "avro/rules.py HOUR_US": UNITS,
    "avro/storable.py MOST_DIGITS": Beyond(
        test="unit/pipeline/core/bulk/test_fit.py::test_decimals_of_all_their_digits_are_columns_and_of_one_more_are_not"
    ),
    "avro/storable.py MOST_NESTED": Beyond(
        test="unit/pipeline/avro/test_storable.py::test_arrays_and_maps_may_be_nested_as_deep_as_duckdb_reads_quickly"
    ),
    "avro/storable.py _SHOWN_BITS": Beyond(
        test="unit/pipeline/avro/test_storable.py::test_a_number_of_very_many_digits_is_told_by_how_many"
    ),
    "avro/storable.py (_FIRST_DAY, _LAST_DAY)": Beyond(
        test="unit/pipeline/avro/test_storable.py::test_the_first_and_the_last_number_of_a_type_can_be_at_rest_and_no_other"
    ),
    "avro/storable.py _DAY_S": UNITS,
    "avro/storable.py _NANO_SECONDS": UNITS,
    "avro/storable.py is_restricted: lru_cache(1024)": CACHED,
    "avro/storable.py *": UNITS,
    "aws/calls.py PARALLEL_CALLS": Beyond("look-back-boundary"),
    "aws/calls.py Config(connect_timeout=5)": NoBound("an outage, after which the call is made again"),
    "aws/calls.py Config(read_timeout=5)": Beyond("registry-outage"),
    "aws/calls.py Config(read_timeout=30)": Beyond("slow-s3"),
    "aws/calls.py mapped: iter_chunks(1024 * 1024)": NoBound("pieces that botocore hands out, written as they come"),
    "aws/database.py CONNECT_S": NoBound("an outage, after which the next tick looks again"),
    "aws/database.py BATCH_ROWS": Beyond(
        test="unit/pipeline/aws/test_database.py::test_every_row_of_a_table_of_several_batches_is_read"
    ),
    "aws/database.py CHECKED_EVERY": Beyond(
        test="unit/pipeline/aws/test_database.py::test_a_statement_that_takes_too_long_is_ended_before_it_gives_a_row"
    ),
    "aws/partitions.py *": UNITS,
    "aws/publication.py ANSWER_S": Beyond(
        test="unit/pipeline/aws/test_publication.py::test_an_index_is_not_written_once_it_could_be_seen_too_late"
    ),
    "aws/references.py MOST_SNAPSHOTS": Beyond("reference-there-and-back"),
    "aws/put_records.py MAX_RECORDS": TIGHT_LIMITS,
    "aws/put_records.py MAX_BYTES": Beyond(
        test="unit/pipeline/aws/test_put_records.py::test_batches_hold_every_entry_in_order_within_the_limits"
    ),
    "aws/put_records.py ATTEMPTS": Beyond("failing-puts"),
    "aws/put_records.py FIRST_PAUSE_S": NoBound("a pause before the same call"),
    "components/reference_files.py MIB": UNITS,
    "components/reference_files.py datetime(1970)": UNITS,
    "components/reference_files.py date(1970)": UNITS,
    "components/reference_files.py _shown: [:60]": SHOWN,
    "components/references.py MISS_PERCENT": ALARMED,
    "components/references.py DAY_S": UNITS,
    "components/references.py Limits.rows": SETTABLE,
    "components/references.py Limits.mib": SETTABLE,
    "components/references.py Limits.shrink_percent": SETTABLE,
    "core/dump.py datetime(1970)": UNITS,
    "core/dump.py date(1970)": UNITS,
    "core/dump.py LONGEST_SHOWN": SHOWN,
    "core/dump.py check_shrink: (before - after) * 100 > before * source.limits.shrink_percent": Beyond(
        test="unit/pipeline/core/test_dump.py::test_a_dump_may_shrink_by_its_share_and_no_further"
    ),
    "core/dump.py _int: -(1 << 63) <= value < 1 << 63": Beyond(
        test="unit/pipeline/core/test_dump.py::test_a_value_of_another_type_is_refused_by_the_name_of_its_column"
    ),
    "core/own_code.py _kept: lru_cache(256)": CACHED,
    "reference/index.py HOUR_US": UNITS,
    "handlers/dumper.py _age_s: round(3)": LOGGED,
    "reference/form.py VERSION": FORMAT,
    "reference/form.py NULL_LENGTH": FORMAT,
    "reference/form.py HASH_BITS": FORMAT,
    "reference/form.py MOST_BYTES": NoBound("4 GiB of records, which is more than a reference may have"),
    "reference/form.py SHORT_DIGITS": SNAPSHOTS,
    "reference/form.py WIDE_BYTES": SNAPSHOTS,
    "reference/form.py Context(prec=1000)": NoBound("more digits than a column has, so that none is rounded away"),
    "reference/form.py ColumnHead.format: self.values <= 256": MANY_ROWS,
    "reference/form.py _unscaled: value.adjusted() + scale > WIDE_BYTES * 3": Beyond(
        test="unit/pipeline/reference/test_snapshot.py::"
        "test_a_value_that_is_none_of_its_columns_type_is_refused_with_column_and_key"
    ),
    "reference/index.py SECOND_US": UNITS,
    "reference/index.py REFRESH_US": IN_EFFECT,
    "reference/index.py SKEW_US": IN_EFFECT,
    "reference/index.py PUBLISH_US": IN_EFFECT,
    "reference/index.py VERSION": FORMAT,
    "reference/snapshot.py Snapshot.__init__: [start:start + 4 * count]": FORMAT,
    "reference/snapshot.py _check: [:-4]": FORMAT,
    "reference/snapshot.py _check: [-4:]": FORMAT,
    "reference/snapshot.py _head: [start:start + 4]": FORMAT,
    "reference/source.py MIB": UNITS,
    "reference/source.py RUN_S": Beyond("dump-outlasts-its-interval"),
    "reference/source.py LEASE_S": Beyond("dumper-killed"),
    "reference/table.py MOST_DIGITS": SNAPSHOTS,
    "reference/writer.py BATCH": MANY_ROWS,
    "reference/writer.py SPOOL_BITS": MANY_ROWS,
    "reference/writer.py MOST_VALUES": MANY_ROWS,
    "reference/writer.py MOST_VALUE_BYTES": MANY_ROWS,
    "reference/writer.py LONGEST_KEY": Beyond(
        test="unit/pipeline/reference/test_snapshot.py::test_a_key_that_is_too_long_is_refused_and_no_other"
    ),
    "template/alarms.py FEWEST_LOOK_UPS": ALARMED,
    "template/buckets.py SUPERSEDED_DAYS": Beyond(
        test="unit/pipeline/template/test_dumpers.py::"
        "test_a_superseded_snapshot_goes_with_all_its_versions_and_no_other_does"
    ),
    "template/dumpers.py MEMORY_MIB": SIZED,
    "template/dumpers.py LEAST_STORAGE_MIB": SIZED,
    "template/dumpers.py COPIES": SIZED,
    "template/dumpers.py DAY_H": UNITS,
    "template/dumpers.py EVENT_AGE_S": NoBound("a tick that is not taken in time is made up for by the next one"),
    "template/shared.py MERGE_TEMPORARY_MIB": SIZED,
    "topology.py LONGEST_RULE_NAME": Beyond(
        test="unit/pipeline/template/test_dumpers.py::test_a_database_whose_names_others_have_is_refused"
    ),
    "records.py MAX_KEY_CHARACTERS": Beyond(
        test="unit/pipeline/aws/test_put_records.py::test_a_long_id_is_cut_to_a_key_that_kinesis_takes"
    ),
    "components/guards.py DAY_H": UNITS,
    "components/guards.py MINUTE_S": UNITS,
    "components/guards.py SCALING": Beyond(
        test="unit/pipeline/components/test_guards.py::test_shards_are_at_most_doubled_or_halved_at_once"
    ),
    "components/code.py PARAMETERS": NoBound("what a function is called with"),
    "components/model.py FIVE_MINUTES": SETTABLE,
    "components/model.py RETENTION_HOURS": SETTABLE,
    "components/model.py *": SETTABLE,
    "core/bulk/digests.py SIZE": FORMAT,
    "core/bulk/digests.py Digests.within: maybe.size > 64": Beyond(
        test="unit/pipeline/core/bulk/test_merge.py::test_ids_that_another_hour_has_are_left_out"
    ),
    "core/bulk/fit.py _checks: lru_cache(256)": CACHED,
    "core/bulk/fit.py *": AVRO,
    "core/bulk/merge.py FAN_OUT_BITS": TIGHT_LIMITS,
    "core/bulk/merge.py DIGEST_BITS": FORMAT,
    "core/bulk/merge.py COLUMNS": FORMAT,
    "core/bulk/merge.py *": FORMAT,
    "core/bulk/parse.py MOST_ITEMS": Beyond(
        test="unit/pipeline/core/bulk/test_parse.py::test_shapes_that_do_not_pay_are_left_and_read_with_patience"
    ),
    "core/bulk/parse.py INT": AVRO,
    "core/bulk/parse.py _parser: lru_cache(256)": CACHED,
    "core/bulk/parse.py *": AVRO,
    "core/bulk/values.py PADDING": AVRO,
    "core/bulk/values.py MOST_BYTES": Beyond(
        test="unit/pipeline/core/bulk/test_parse.py::test_numbers_of_more_than_64_bits_are_refused"
    ),
    "core/bulk/values.py WIDE": Beyond(
        test="unit/pipeline/core/bulk/test_fit.py::test_a_number_of_more_than_128_bits_is_none"
    ),
    "core/bulk/values.py *": AVRO,
    "core/deaggregate.py DIGEST_BYTES": FORMAT,
    "core/deaggregate.py (KEY_TABLE, HASH_TABLE, RECORDS)": FORMAT,
    "core/deaggregate.py (RECORD_KEY_INDEX, RECORD_HASH_INDEX, RECORD_DATA)": FORMAT,
    "core/deaggregate.py MAX_KEY_CHARACTERS": Beyond(
        test="unit/pipeline/core/test_deaggregate.py::test_an_aggregate_that_breaks_a_rule_is_one_record_with_all_its_bytes"
    ),
    "core/deaggregate.py HASHES": Beyond(
        test="unit/pipeline/core/test_deaggregate.py::test_an_aggregate_that_breaks_a_rule_is_one_record_with_all_its_bytes"
    ),
    "core/deaggregate.py (VARINT, FIXED64, DELIMITED, FIXED32)": FORMAT,
    "core/deaggregate.py *": AVRO,
    "core/decode.py _reader: lru_cache(256)": CACHED,
    "core/enrich.py _restricted: lru_cache(256)": CACHED,
    "core/envelope.py CRC_BYTES": FORMAT,
    "core/envelope.py ID_BYTES": FORMAT,
    "core/envelope.py *": SHOWN,
    "core/files/avro_file.py LEVEL": FORMAT,
    "core/files/avro_file.py MOST_BLOCK_BYTES": Beyond(
        test="unit/pipeline/core/files/test_avro_file.py::test_what_a_block_unpacks_to_is_bounded"
    ),
    "core/files/avro_file.py MOST_PART_BYTES": Beyond(
        test="unit/pipeline/core/files/test_avro_file.py::test_a_part_of_more_than_a_chunk_can_hold_is_damaged"
    ),
    "core/files/avro_file.py INDEX_ENTRY": FORMAT,
    "core/files/avro_file.py LONGEST_REASON": SHOWN,
    "core/files/avro_file.py _metadata: size": Beyond(
        test="unit/pipeline/core/files/test_avro_file.py::test_a_header_of_any_length_is_read"
    ),
    "core/files/avro_file.py File.blocks: [at:at + 20]": AVRO,
    "core/files/avro_file.py *": FORMAT,
    "core/files/columns.py (DURATION_BYTES, UUID_BYTES, UUID_TEXT)": AVRO,
    "core/files/columns.py *": FORMAT,
    "core/files/parquet.py ZSTD_LEVEL": FORMAT,
    "core/frame.py VERSION": FORMAT,
    "core/frame.py MAX_RECORD": Beyond("oversize-record"),
    "core/frame.py PATIENCE": Beyond(
        test="unit/pipeline/core/test_frame.py::test_headers_that_claim_the_same_bytes_over_and_over_do_not_hold_a_function_up"
    ),
    "core/frame.py *": SHOWN,
    "core/own_code.py MOST_FRAMES": SHOWN,
    "core/own_code.py LONGEST_ERROR": SHOWN,
    "core/own_code.py LONGEST_LINE": SHOWN,
    "core/own_code.py _restricted: lru_cache(256)": CACHED,
    "core/quarantine.py LONGEST_MESSAGE": Beyond(
        test="unit/pipeline/core/test_quarantine.py::test_a_long_message_is_cut_and_the_bytes_are_whole"
    ),
    "core/quarantine.py *": FORMAT,
    "core/route.py HOUR_US": UNITS,
    "core/route.py *": FORMAT,
    "core/schema.py FIRST_TIME_US": UNITS,
    "core/schema.py LAST_TIME_US": UNITS,
    "core/sizes.py Sizes.block_bytes": TIGHT_LIMITS,
    "core/sizes.py Sizes.row_group_rows": TIGHT_LIMITS,
    "core/sizes.py Sizes.merge_bytes": TIGHT_LIMITS,
    "core/sizes.py Sizes.piece_records": TIGHT_LIMITS,
    "aws/report.py KIB_PER_MIB": UNITS,
    "aws/report.py age_s: round(3)": LOGGED,
    "handlers/concatenator.py _merge_one: round(3)": LOGGED,
    "handlers/partitioner.py _partition: int(arrived * 1000000)": UNITS,
    "handlers/processor.py MICROSECONDS": UNITS,
    "handlers/backfill.py FAILED": NoBound("an exit code"),
    "handlers/concatenator.py ATTEMPTS": Beyond("two-concatenators"),
    "handlers/planner.py AT_ONCE": TIGHT_LIMITS,
    "core/process.py MINUTE_US": UNITS,
    "core/process.py *": UNITS,
    "handlers/rescuer.py AT_ONCE": Beyond("poison-batch"),
    "layout.py *": FORMAT,
    "package.py MAX_UNZIPPED": NoBound("a limit of AWS, looked at where a package is built"),
    "package.py COMPRESS_LEVEL": FORMAT,
    "package.py EARLIEST": FORMAT,
    "package.py READABLE": FORMAT,
    "package.py *": SHOWN,
    "schemas/checks.py *": FORMAT,
    "schemas/registry.py ID_BYTES": FORMAT,
    "schemas/registry.py LONGEST_PAUSE_S": NoBound("a pause before the same call"),
    "template/buckets.py QUARANTINE_DAYS": PROMISED,
    "template/buckets.py UPLOAD_DAYS": NoBound("rubbish is kept for so long"),
    "template/buckets.py OLD_VERSION_DAYS": NoBound("overwritten schemas are kept for so long, for people"),
    "template/buckets.py OLD_VERSIONS": NoBound("overwritten schemas are kept, for people"),
    "template/functions.py VISIBILITY_PER_TIMEOUT": RENDERED,
    "template/functions.py ATTEMPTS": PROMISED,
    "template/functions.py DEAD_RETENTION_S": PROMISED,
    "template/component.py HOUR_S": UNITS,
    "template/outage.py RETENTION_HOURS": Beyond("outage-of-two-days"),
    "template/outage.py GIVE_UP_HOURS": Beyond(
        test="unit/pipeline/template/test_outage.py::test_whatever_is_set_no_record_is_forgotten_before_it_is_set_aside_and_no_file_expires_before_it_is_merged"
    ),
    "template/outage.py DAY_H": UNITS,
    "template/outage.py HOUR_S": UNITS,
    "template/alarm_words.py *": NoBound("how minutes are told to people"),
    "template/alarms.py (MINUTE_S, HOUR_S)": UNITS,
    "template/alarms.py PERIOD_S": ALARMED,
    "template/alarms.py REPLAYED_EVERY_S": ALARMED,
    "template/alarms.py MERGES_WAIT_S": ALARMED,
    "template/alarms.py *": ALARMED,
    "template/dashboards/resources.py MOST_ROWS": MANY_EVENT_TYPES,
    "template/dashboards/resources.py MOST_IN_OVERVIEW": MANY_EVENT_TYPES,
    "template/service_metrics.py MILLISECONDS": UNITS,
    "template/service_metrics.py ServiceMetric.divisor": UNITS,
    "template/dashboards/widgets.py COLUMNS": DRAWN,
    "template/dashboards/widgets.py SIDE": DRAWN,
    "template/dashboards/widgets.py Note.height": DRAWN,
    "template/dashboards/widgets.py AlarmStates.height": DRAWN,
    "template/dashboards/widgets.py Line.divisor": UNITS,
    "template/dashboards/widgets.py MOST_WIDGETS": MANY_EVENT_TYPES,
    "template/dashboards/widgets.py MOST_METRICS": MANY_EVENT_TYPES,
    "template/dashboards/widgets.py MOST_METRICS_OF_A_WIDGET": MANY_EVENT_TYPES,
    "template/dashboards/widgets.py MOST_ALARMS_OF_A_WIDGET": Beyond(
        test="unit/pipeline/template/test_dashboards.py::test_more_alarms_than_a_widget_takes_are_on_several"
    ),
    "template/shared.py MOST_SETTINGS_BYTES": Beyond(
        test="unit/pipeline/template/test_components.py::test_more_settings_than_an_environment_holds_are_refused"
    ),
    "template/shared.py MERGE_TIMEOUT_S": SIZED,
    "template/shared.py MERGES_AT_ONCE": Beyond("look-back-boundary"),
    "template/render.py MOST_RESOURCES": Beyond(
        test="unit/pipeline/template/test_render.py::test_more_than_cloudformation_takes_in_a_stack_is_refused_with_the_rule"
    ),
    "template/render.py MOST_BYTES": Beyond(
        test="unit/pipeline/template/test_render.py::test_more_than_cloudformation_takes_in_a_stack_is_refused_with_the_rule"
    ),
    "template/render.py MOST_BYTES_INLINE": Beyond(
        test="unit/emulator/deploy/test_formation.py::test_a_template_that_is_too_long_for_a_request_is_given_by_url"
    ),
    "template/shared.py *": SIZED,
    "topology.py LONGEST_FUNCTION_NAME": Beyond(
        test="unit/pipeline/test_stages.py::"
        "test_a_function_name_that_lambda_does_not_take_is_refused_in_the_stage_that_makes_it"
    ),
    "topology.py CHUNK_GRACE_MINUTES": PROMISED,
    "topology.py FUTURE_BOUND_MINUTES": PROMISED,
}
"""By file and name or expression; a star is for the expressions of a file that have no line of their own."""


def numbers(tree: ast.Module) -> Iterator[str]:
    """The numbers that a module is governed by: constants, fields with a default, and what is compared or cut with."""
    for node in tree.body:
        yield from _named(node, "")


def _named(node: ast.stmt, where: str) -> Iterator[str]:
    match node:
        case ast.Assign(targets=[target], value=value) | ast.AnnAssign(target=target, value=ast.expr() as value):
            if _is_number(value, least=0):
                yield f"{where}{ast.unparse(target)}"
            else:
                yield from _expressions(value, where)
        case ast.ClassDef(name, body=body):
            for inner in body:
                yield from _named(inner, f"{where}{name}.")
        case ast.FunctionDef(name):
            yield from _expressions(node, f"{where}{name}: ")


def _expressions(inside: ast.AST, where: str) -> Iterator[str]:
    for node in ast.walk(inside):
        match node:
            case ast.Compare(left, _, others) if any(map(_is_number, (left, *others))):
                yield f"{where}{ast.unparse(node)}"
            case ast.Slice(lower, upper, step) if any(map(_is_number, filter(None, (lower, upper, step)))):
                yield f"{where}[{ast.unparse(node)}]"
            case ast.Call(called, arguments, keywords):
                name = called.attr if isinstance(called, ast.Attribute) else ast.unparse(called)
                yield from (f"{where}{name}({ast.unparse(value)})" for value in arguments if _is_number(value))
                yield from (
                    f"{where}{name}({word.arg}={ast.unparse(word.value)})"
                    for word in keywords
                    if _is_number(word.value)
                )
            case ast.Assign(targets=[ast.Name(name)], value=value) if _is_number(value):
                yield f"{where}{name}"
            case ast.arguments(defaults=defaults, kw_defaults=others):
                found = [value for value in (*defaults, *others) if value is not None and _is_number(value)]
                yield from (f"{where}{ast.unparse(value)} by default" for value in found)


def _is_number(node: ast.AST, least: int = SMALL) -> bool:
    """Whether an expression is a number that is written out, and larger than `least`."""
    items = [item for item in ast.walk(node) if isinstance(item, ast.expr)]
    constants = [item.value for item in items if isinstance(item, ast.Constant)]
    written = [one for one in constants if isinstance(one, int | float) and not isinstance(one, bool)]
    is_written = all(isinstance(item, ITEMS) for item in items) and len(written) == len(constants)
    return is_written and any(abs(one) > least for one in written)


def lines_of(root: Path) -> dict[str, str]:
    """Every number of the pipeline, and the line that is about it; empty where there is none."""
    lines = {}
    for path in sorted((root / "pipeline").rglob("*.py")):
        file = str(path.relative_to(root / "pipeline"))
        for number in numbers(ast.parse(path.read_text())):
            own, others = f"{file} {number}", f"{file} *"
            is_constant = number.isidentifier() or number.startswith("(")
            lines[own] = own if own in LINES else others if others in LINES and not is_constant else ""
    return lines


def test_every_number_of_the_pipeline_has_a_line(root: Path) -> None:
    assert [number for number, line in lines_of(root).items() if not line] == []


def test_every_line_is_about_a_number_that_there_is(root: Path) -> None:
    assert LINES.keys() - set(lines_of(root).values()) == set()


@pytest.mark.parametrize(("line", "bound"), LINES.items(), ids=LINES)
def test_what_goes_beyond_a_bound_is_there(root: Path, line: str, bound: Beyond | NoBound) -> None:
    if isinstance(bound, NoBound):
        assert bound.why, line
        return
    assert bool(bound.drill) != bool(bound.test), line
    if bound.drill:
        assert bound.drill in catalogue()
    else:
        file, _, name = bound.test.partition("::")
        assert f"def {name}(" in (root / "tests" / file).read_text()


def test_a_new_number_of_any_kind_is_found() -> None:
    source = """
PAGE = 100
class Reader:
    rows: int = 50
    def read(self, many=40):
        block = 64 * 1024
        return self.page[:30] if len(self.page) > 20 else islice(self.page, 10)
"""
    assert set(numbers(ast.parse(source))) == {
        "PAGE",
        "Reader.rows",
        "Reader.read: 40 by default",
        "Reader.read: block",
        "Reader.read: [:30]",
        "Reader.read: len(self.page) > 20",
        "Reader.read: islice(10)",
    }


def test_every_setting_that_a_tight_run_makes_is_one_that_a_function_reads(root: Path) -> None:
    read = {
        node.args[0].value
        for path in (root / "pipeline").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("environment.") == "size"
        if isinstance(node.args[0], ast.Constant)
    }
    assert {name for variables in TIGHT.values() for name in variables} == read
