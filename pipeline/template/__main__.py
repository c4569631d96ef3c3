"""`python -m wavetank.pipeline.template` prints the CloudFormation template of the event types in `schemas/`."""

import argparse
import json
import sys
from pathlib import Path

from wavetank.pipeline import topology
from wavetank.pipeline.errors import ConfigurationError
from wavetank.pipeline.template.render import compact, render


def main(arguments: list[str]) -> None:
    """Write the template of the folder `schemas` to standard output, with `--pretty` as people read it."""
    parser = argparse.ArgumentParser(prog="python -m wavetank.pipeline.template", description=main.__doc__)
    parser.add_argument("--pretty", action="store_true", help="indent it; longer than CloudFormation takes inline")
    pretty = parser.parse_args(arguments).pretty
    try:
        template = render(topology.load(Path("schemas")))
        text = compact(template)
    except ConfigurationError as error:
        sys.exit(str(error))
    sys.stdout.write((json.dumps(template, indent=2) if pretty else text) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
