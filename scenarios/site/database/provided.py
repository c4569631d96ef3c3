"""The database of a site's references: started with their rows, told of by a secret, gone with the block.

The rows are in `reference/seed/<name>.json` of the schema folder, of the form that the file of a reference has.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from wavetank.pipeline import topology
from wavetank.pipeline.components.references import Database, ReferenceData
from wavetank.pipeline.layout import DATABASES, REFERENCE
from wavetank.pipeline.reference.table import ColumnType, Kind
from wavetank.scenarios.client import at_rest
from wavetank.scenarios.site.database import choice
from wavetank.scenarios.site.database.server import SeededTable
from wavetank.scenarios.site.site import Site

SEED = "seed"
"""The folder of rows, beside the files of references."""
SQL_TYPES = {
    Kind.STRING: "VARCHAR(255)",
    Kind.INT: "BIGINT",
    Kind.FLOAT: "DOUBLE PRECISION",
    Kind.BOOLEAN: "BOOLEAN",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "TIMESTAMP(6)",
}
"""Types that MariaDB, PostgreSQL and SQLite know by one name; a decimal has its digits."""


def seed_of(reference: ReferenceData) -> Path:
    """The file with the rows that the database of a reference begins with."""
    return reference.path.parent / SEED / f"{reference.name}.json"


def move_rows(schemas: Path) -> None:
    """Take the files of references that a TOML file puts into a database for the rows that it begins with."""
    folder = schemas / topology.REFERENCE_FOLDER
    for path in folder.glob("*.toml"):
        if (rows := path.with_suffix(".json")).is_file():
            (folder / SEED).mkdir(exist_ok=True)
            rows.rename(folder / SEED / rows.name)


@contextmanager
def with_database(site: Site, schemas: Path) -> Iterator[Site]:
    """The site with the database that references of a schema folder are in; as it is where they are in none.

    What was published of references is forgotten before and after: the first dump is in effect from the beginning.
    Raises NoServerError where a database that was asked for cannot be had.
    """
    databases = topology.load(schemas, site.topology.stage).databases
    if not databases:
        yield site
        return
    [database] = databases
    with ExitStack() as ending:
        ending.callback(forget_published, site)
        server = ending.enter_context(choice.running(choice.chosen()))
        server.create(*(_table(each) for each in database.references))
        ending.callback(_remove_secret, site, database)
        write_secret(site, database, server.secret())
        forget_published(site)
        yield replace(site, database=server)


def write_secret(site: Site, database: Database, secret: dict[str, Any]) -> None:
    """Put the secret of a database, which is made where there is none."""
    client: Any = site.stack.client("secretsmanager")
    text = json.dumps(secret)
    try:
        client.put_secret_value(SecretId=database.secret, SecretString=text)
    except client.exceptions.ResourceNotFoundException:
        client.create_secret(Name=database.secret, SecretString=text)


def _remove_secret(site: Site, database: Database) -> None:
    client: Any = site.stack.client("secretsmanager")
    client.delete_secret(SecretId=database.secret, ForceDeleteWithoutRecovery=True)


def forget_published(site: Site) -> None:
    """Remove all that was published of references, and have no function remember it."""
    for prefix in (f"{REFERENCE}/", f"{DATABASES}/"):
        for key in list(at_rest.keys(site.s3, site.registry_bucket, prefix)):
            site.s3.delete_object(Bucket=site.registry_bucket, Key=key)
    for event in site.topology.events:
        site.cycle(event.processor)


def _table(reference: ReferenceData) -> SeededTable:
    if reference.table is None or reference.database is None or reference.database.table is None:
        raise ValueError(f"reference {reference.name} is in no table of a database")
    key, columns = reference.table.key, reference.table.columns
    types = {column.name: _sql(column.type) for column in columns}
    ordered = {name: types[name] for name in (*key, *(each for each in types if each not in key))}
    rows = json.loads(seed_of(reference).read_text("utf-8"))["rows"]
    filled = [(value, *(row.get(name) for name in [*ordered][len(key) :])) for value, row in rows.items()]
    return SeededTable(reference.database.table, ordered, filled, len(key))


def _sql(type_: ColumnType) -> str:
    return f"DECIMAL({type_.precision}, {type_.scale})" if type_.kind is Kind.DECIMAL else SQL_TYPES[type_.kind]
