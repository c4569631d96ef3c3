"""The worker that LocalStack's Lambda provider keeps for a mapping: its life cycle and its state in the API."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from localstack.services.lambda_.event_source_mapping.esm_worker import EsmState, EsmStateReason
from localstack.services.lambda_.invocation.models import lambda_stores

from wavetank.emulator.lambda_.mappings.checkpoints import CHECKPOINTS, MappingCheckpoints
from wavetank.emulator.lambda_.mappings.life_cycle import LifeCycle


class Run(Protocol):
    """A mapping at work: `start` begins once it holds the mapping's lease, `stop` asks for the end."""

    def prepare(self) -> None: ...
    def start(self, life: LifeCycle) -> None: ...
    def stop(self) -> None: ...


MakeRun = Callable[[MappingCheckpoints, Callable[[str], None]], Run]
"""Makes the run of a mapping from its checkpoints, and from whom to tell each LastProcessingResult."""


class MappingWorker:
    """A generation of a mapping: an update makes a new worker, which begins when the old one has ended.

    The names of methods and attributes are those of LocalStack's EsmWorker, which it stands in for.
    """

    def __init__(self, config: Mapping[str, Any], enabled: bool, make_run: MakeRun, reason: EsmStateReason) -> None:
        self.esm_config = config
        self.enabled = enabled
        self.current_state = EsmState.CREATING
        self.state_transition_reason = reason
        self._make_run = make_run
        self._checkpoints = CHECKPOINTS.of(self.uuid)
        self._run: Run | None = None
        self._lock = threading.Lock()
        _, _, _, region, account, _ = config["FunctionArn"].split(":", 5)
        self._store = lambda_stores[account][region].event_source_mappings
        self._replaced = False

    @property
    def uuid(self) -> str:
        """The mapping's identifier; all generations share it."""
        return str(self.esm_config["UUID"])

    def create(self) -> None:
        """Begin, or take the place of an earlier generation as a disabled mapping."""
        if self.enabled:
            self.start()
        else:
            self._set_state(EsmState.DISABLING)
            if self._checkpoints.lease.acquire(blocking=False):
                self._checkpoints.lease.release()
                self._turn((EsmState.DISABLING,), EsmState.DISABLED)
                return

            def disable() -> None:
                with self._checkpoints.lease:
                    pass
                self._turn((EsmState.DISABLING,), EsmState.DISABLED)

            threading.Thread(target=disable, daemon=True).start()

    def start(self) -> None:
        """Begin to read."""
        self.enabled = True
        if self.current_state != EsmState.CREATING:
            self._set_state(EsmState.ENABLING)
        with self._lock:
            self._run = self._make_run(self._checkpoints, lambda result: self._update(LastProcessingResult=result))
        self._run.prepare()
        before = (EsmState.CREATING, EsmState.ENABLING)
        self._run.start(LifeCycle(begun=lambda: self._turn(before, EsmState.ENABLED), ended=self._ended))

    def stop(self) -> None:
        """Give way: LocalStack stops a worker only to replace it, whose state then counts."""
        self.enabled = False
        with self._lock:
            self._replaced = True
            self.current_state = EsmState.DISABLED
        self._stop_run()

    def delete(self) -> None:
        """End for good; the mapping leaves the API once no batch is with the function any more."""
        self._set_state(EsmState.DELETING)
        if not self._stop_run():
            self._ended()

    def stop_for_shutdown(self) -> None:
        """End because LocalStack does, or because all of its state is dropped."""
        self._replaced = True
        self._stop_run()
        CHECKPOINTS.forget(self.uuid)

    def _stop_run(self) -> bool:
        if self._run is not None:
            self._run.stop()
        return self._run is not None

    def _ended(self) -> None:
        if self.current_state == EsmState.DELETING:
            self._store.pop(self.uuid, None)
            CHECKPOINTS.forget(self.uuid)

    def _turn(self, before: tuple[EsmState, ...], after: EsmState) -> None:
        """Change the state, unless somebody was faster and it is another already."""
        with self._lock:
            if self.current_state in before and not self._replaced:
                self.current_state = after
                self._update(State=after)

    def _set_state(self, state: EsmState) -> None:
        with self._lock:
            self.current_state = state
            self._update(State=state)

    def _update(self, **changes: str) -> None:
        mapping = self._store.get(self.uuid)
        if mapping is not None and not self._replaced:
            mapping.update(changes)
