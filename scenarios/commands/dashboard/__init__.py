"""`wavetank dashboard`: the command (`command`)."""

from wavetank.scenarios.commands.dashboard.command import register as register
