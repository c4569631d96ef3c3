"""The client of a stack's control API, `/_wavetank/…`: faults, settle, activity, clock, status."""

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from wavetank.emulator.errors import ControlRefused, NotSettled, NotWavetank, Unreachable
from wavetank.emulator.pending import Pending

PATH = "/_wavetank"
SETTLED_TOO_LATE = 409
SLACK_S = 10.0
"""How much longer than its own time-out an answer is waited for."""

Json = dict[str, Any]


class Control:
    """The control API of a stack. Each call opens its own connection, so it may be used from any thread.

    Every method raises `Unreachable` when nothing answers, and `ControlRefused` when the answer is an error.
    """

    def __init__(self, endpoint_url: str, timeout_s: float = 30.0) -> None:
        self.endpoint_url = endpoint_url
        self._url = urlsplit(endpoint_url)
        self._timeout_s = timeout_s

    def status(self, timeout_s: float | None = None) -> Json:
        """The stack's process id, versions and clock, and the plugins proven loaded."""
        return self._object("GET", "/status", timeout_s=timeout_s)

    def settle(self, timeout_s: float = 60.0, *, telemetry: bool = True) -> None:
        """Return once nothing is in flight anywhere; `timeout_s` is wall clock. Raises `NotSettled`.

        Without `telemetry` metrics and log lines of what was done may still be on their way to CloudWatch.
        """
        if pending := self.pending(timeout_s, telemetry=telemetry):
            raise NotSettled(timeout_s, pending)

    def pending(self, timeout_s: float, *, telemetry: bool = True) -> tuple[Pending, ...]:
        """Pending items after `timeout_s` of wall clock; none, and at once, when nothing is in flight."""
        query = f"timeout={timeout_s:g}" + ("" if telemetry else "&telemetry=false")
        status, body = self._call("POST", f"/settle?{query}", timeout_s=timeout_s + SLACK_S)
        if status != SETTLED_TOO_LATE:
            _accept(status, body)
            return ()
        return tuple(Pending(**item) for item in body["pending"])

    def add_fault(self, fault: Mapping[str, Any]) -> str:
        """Set a fault and return its id."""
        return str(self._object("POST", "/faults", body=fault)["id"])

    def check_fault(self, fault: Mapping[str, Any]) -> None:
        """Have a fault looked at without setting it. Raises ControlRefused for what is no fault."""
        self._object("POST", "/faults?check=true", body=fault)

    def faults(self) -> list[Json]:
        """The faults that are set."""
        return self._list("/faults", "faults")

    def fault_points(self) -> list[Json]:
        """The places a fault can strike, and what each can do there."""
        return self._list("/faults/points", "points")

    def remove_fault(self, fault_id: str) -> None:
        """Take one fault away."""
        self._object("DELETE", f"/faults?id={quote(fault_id)}")

    def change_fault(self, fault_id: str, changes: Mapping[str, Any]) -> Json:
        """Change fields of a fault, which then counts anew; the fault as it is now."""
        return self._object("PATCH", f"/faults?id={quote(fault_id)}", body=changes)

    def clear_faults(self) -> None:
        """Take every fault away."""
        self._object("DELETE", "/faults")

    def activity(self, after: int = 0) -> list[Json]:
        """The firings of faults so far, oldest first, with what each hit; only those past number `after`."""
        return self._list(f"/activity?after={after}", "activity")

    def limits(self) -> list[Json]:
        """The limits that can be enforced: `value` of each while it is, and how much it `refused`."""
        return self._list("/limits", "limits")

    def enforce_limit(self, name: str, value: float | None = None) -> Json:
        """Hold the account to a limit; to AWS's own value without one. Raises ControlRefused for what is no limit."""
        return self._object("POST", "/limits", body={"name": name} | ({} if value is None else {"value": value}))

    def release_limit(self, name: str) -> None:
        """Hold the account to a limit no more."""
        self._object("DELETE", f"/limits?name={quote(name)}")

    def release_limits(self) -> None:
        """Hold the account to no limit."""
        self._object("DELETE", "/limits")

    def start_recording(self, *, exact: bool = False) -> None:
        """Note the AWS calls of functions from now on; `exact`: with whole keys, where these do not vary."""
        self._object("POST", f"/recording?exact={'true' if exact else 'false'}")

    def stop_recording(self) -> list[Json]:
        """Note no more; the call sites since the start, each with what a fault matches its calls by, and `times`."""
        self._object("DELETE", "/recording")
        return self._list("/recording", "calls")

    def govern(self, stack_name: str) -> None:
        """Let the policies of a CloudFormation stack count from now on, also of one that is to be made."""
        self._object("POST", f"/authority?stack={quote(stack_name)}")

    def release(self, stack_name: str) -> None:
        """Let the policies of a CloudFormation stack count no more."""
        self._object("DELETE", f"/authority?stack={quote(stack_name)}")

    def authority(self, after: int = 0) -> Json:
        """Governed `stacks`; what was `refused`, past number `after`; `used` parts of policies; `next` number."""
        return self._object("GET", f"/authority?after={after}")

    def reset(self) -> None:
        """Let go of all data, every fault and the activity log; what is deployed stays."""
        self._object("POST", "/reset")

    def tick(self, rule: str) -> None:
        """Let a scheduled rule tick now."""
        self._object("POST", f"/tick?rule={quote(rule)}")

    def now(self) -> float:
        """Emulator time, in seconds since the epoch."""
        return self.advance_clock(0)

    def advance_clock(self, seconds: float, *, lived: bool = False) -> float:
        """Move emulator time on by `seconds`; return the emulator's new now (seconds since the epoch).

        Alarms that are due are evaluated before it returns. For them the time is none in which data are missing,
        unless it is to count as `lived`.
        """
        body = {"advance_s": seconds, **({"lived": True} if lived else {})}
        return float(self._object("POST", "/clock", body=body)["now"])

    def evaluate_alarms(self) -> dict[str, str]:
        """Evaluate every alarm by what its metrics are now; the state of each by its ARN."""
        return dict(self._object("POST", "/alarms/evaluate")["alarms"])

    def switch_life_cycle(self, on: bool) -> None:
        """Have objects of S3 and log events expire by rules and retentions, from now on; or have none expire."""
        self._object("POST", "/life-cycle", body={"on": on})

    def _object(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout_s: float | None = None
    ) -> Json:
        return dict(_accept(*self._call(method, path, body, timeout_s)))

    def _list(self, path: str, key: str) -> list[Json]:
        return list(_accept(*self._call("GET", path))[key])

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, timeout_s: float | None = None
    ) -> tuple[int, Any]:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        host = self._url.hostname or "127.0.0.1"
        connection = kind(host, self._url.port, timeout=timeout_s or self._timeout_s)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, PATH + path, payload, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read()
            return response.status, json.loads(answer) if answer else {}
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise NotWavetank(
                f"{self.endpoint_url} is not a wavetank stack: it answered {response.status}, and not in JSON.",
                "Faults, settle and the clock need a stack started by wavetank.",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(
                f"nothing answers at {self.endpoint_url} ({error or type(error).__name__}).",
                "See what is up with `wavetank status`.",
            ) from error
        finally:
            connection.close()


def _accept(status: int, body: Any) -> Any:
    if status < 400:
        return body
    try:
        message = str(body["error"]["message"])
    except (TypeError, KeyError):
        message = str(body)
    raise ControlRefused(status, message)
