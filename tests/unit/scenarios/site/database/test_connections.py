from hypothesis import given
from hypothesis import strategies as st

from wavetank.scenarios.site.database.connections import Moment, What, of_mariadb, of_postgresql, summed

MARIADB = """\
20261130 21:00:17,vm,root,localhost,3,0,CONNECT,,,0
20261130 21:00:17,vm,reader,127.0.0.1,4,0,CONNECT,ads,,0
20261130 21:00:17,vm,reader,127.0.0.1,5,0,FAILED_CONNECT,,,1045
20261130 21:00:17,vm,reader,127.0.0.1,5,0,DISCONNECT,,,0
20261130 21:00:18,vm,reader,127.0.0.1,4,0,DISCONNECT,ads,,0
20261130 21:00:18,vm,reader,127.0.0.1,4,7,QUERY,ads,'SELECT 1',0
"""
POSTGRESQL = """\
2026-11-30 21:00:17.500 UTC|41|127.0.0.1|LOG:  connection received: host=127.0.0.1 port=60308
2026-11-30 21:00:17.510 UTC|41|127.0.0.1|LOG:  connection authenticated: identity="reader" method=scram-sha-256
2026-11-30 21:00:17.520 UTC|41|127.0.0.1|LOG:  connection authorized: user=reader database=ads application_name=x
2026-11-30 21:00:17.530 UTC|42|127.0.0.1|FATAL:  password authentication failed for user "reader"
2026-11-30 21:00:17.540 UTC|41|127.0.0.1|LOG:  disconnection: session time: 0:00:00.010 user=reader database=ads host=1
2026-11-30 21:00:17.550 UTC|43|[local]|LOG:  connection authorized: user=postgres database=ads
"""


def test_mariadb_tells_of_connections_by_its_audit() -> None:
    assert [*of_mariadb(MARIADB.splitlines())] == [
        Moment("3", "root", "localhost", What.OPENED),
        Moment("4", "reader", "127.0.0.1", What.OPENED),
        Moment("5", "reader", "127.0.0.1", What.REFUSED),
        Moment("5", "reader", "127.0.0.1", What.CLOSED),
        Moment("4", "reader", "127.0.0.1", What.CLOSED),
    ]


def test_postgresql_tells_of_connections_by_its_log() -> None:
    assert [*of_postgresql(POSTGRESQL.splitlines())] == [
        Moment("41", "reader", "127.0.0.1", What.OPENED),
        Moment("42", "reader", "127.0.0.1", What.REFUSED),
        Moment("41", "reader", "127.0.0.1", What.CLOSED),
        Moment("43", "postgres", "[local]", What.OPENED),
    ]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans())))
def test_as_many_are_open_at_once_as_were_opened_and_not_closed(changes: list[tuple[str, bool]]) -> None:
    there, most, moments = set[str](), 0, []
    for number, opens in changes:
        if opens != (number in there):
            there ^= {number}
            moments.append(Moment(number, "reader", "", What.OPENED if opens else What.CLOSED))
            most = max(most, len(there))
    seen = summed(moments)
    assert (seen.opened, seen.most_at_once) == (sum(each.what is What.OPENED for each in moments), most)


def test_a_connection_that_was_refused_was_never_open() -> None:
    moments = [Moment("1", "reader", "", What.REFUSED), Moment("1", "reader", "", What.CLOSED)] * 2
    assert summed(moments) == summed(moments[::2])
    assert (summed(moments).opened, summed(moments).refused, summed(moments).most_at_once) == (0, 2, 0)
