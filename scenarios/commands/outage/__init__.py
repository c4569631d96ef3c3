"""`wavetank outage`: the commands (`command`)."""

from wavetank.scenarios.commands.outage.command import register as register
