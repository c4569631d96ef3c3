"""Enhanced fan-out consumers of one stream."""

from dataclasses import dataclass, field

from wavetank.emulator.kinesis.errors import LimitExceeded, ResourceInUse, ResourceNotFound

MAX_CONSUMERS = 20


@dataclass(slots=True)
class Consumer:
    """A registered consumer; its ARN ends in the second of its registration."""

    name: str
    arn: str
    created_ms: int
    tags: dict[str, str] = field(default_factory=dict)
    policy: str | None = None


class Consumers:
    """The consumers of one stream, by name, at most twenty."""

    def __init__(self, stream: str, stream_arn: str, account: str) -> None:
        self._stream = stream
        self._stream_arn = stream_arn
        self._account = account
        self._by_name: dict[str, Consumer] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def register(self, name: str, now_ms: int) -> Consumer:
        """A new consumer; raises ResourceInUse when the name is taken, LimitExceeded when there are twenty."""
        if name in self._by_name:
            raise ResourceInUse(
                f"Consumer {name} under stream {self._stream} already exists for account {self._account}."
            )
        if len(self._by_name) >= MAX_CONSUMERS:
            raise LimitExceeded(
                f"Consumer limit exceeded: stream {self._stream} under account {self._account} has "
                f"{MAX_CONSUMERS} consumers."
            )
        consumer = Consumer(name, f"{self._stream_arn}/consumer/{name}:{now_ms // 1000}", now_ms)
        self._by_name[name] = consumer
        return consumer

    def restore(self, consumer: Consumer) -> None:
        """Take a consumer as it was."""
        self._by_name[consumer.name] = consumer

    def named(self, name: str) -> Consumer:
        """The consumer called `name`; raises ResourceNotFound."""
        try:
            return self._by_name[name]
        except KeyError:
            raise ResourceNotFound(f"Consumer {name}, account {self._account} not found.") from None

    def with_arn(self, arn: str) -> Consumer:
        """The consumer with that ARN; raises ResourceNotFound."""
        for consumer in self._by_name.values():
            if consumer.arn == arn:
                return consumer
        raise ResourceNotFound(f"Consumer {arn}, account {self._account} not found.")

    def deregister(self, consumer: Consumer) -> None:
        """Forget a consumer."""
        self._by_name.pop(consumer.name, None)

    def all(self) -> list[Consumer]:
        """Every consumer, by name."""
        return [self._by_name[name] for name in sorted(self._by_name)]
