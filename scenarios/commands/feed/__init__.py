"""`wavetank feed`: the command (`command`), and the job that it does (`job`), which is imported late."""

from wavetank.scenarios.commands.feed.command import register as register
