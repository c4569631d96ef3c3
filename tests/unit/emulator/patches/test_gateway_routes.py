"""Rules that compile later build the same URLs as Werkzeug's own."""

import subprocess
import sys

SAME = """
from werkzeug.routing import Map, Rule

def built():
    rules = [Rule("/a/<int:number>/<path:rest>", endpoint="one"), Rule("/b", endpoint="two", defaults={"x": 1})]
    urls = Map(rules).bind("host", "/")
    made = [urls.build("one", {"number": 7, "rest": "x/y", "more": "1"}) for _ in range(2)]
    made += [urls.build("one", {"number": 7, "rest": "x/y", "more": "1"}, append_unknown=False) for _ in range(2)]
    made += [urls.build("two", {}), urls.match("/a/7/x/y")]
    return made

before = built()
from wavetank.emulator.patches import gateway_routes
own = Rule._compile_builder
gateway_routes.install()
assert Rule._compile_builder is not own
assert built() == before, (built(), before)
"""


def test_a_rule_that_compiles_later_matches_and_builds_what_it_would_have() -> None:
    subprocess.run([sys.executable, "-c", SAME], check=True)
