"""What plugins say about themselves, and cannot be used."""

from pydantic import BaseModel

from marty_chassis.plugins import IPlugin, plugin


class Settings(BaseModel):
    url: str = "https://users.example"
    api_token: str = ""  # expect: plain-secret


@plugin(name="silent", config_schema=Settings)  # expect: missing-metadata
class Silent(IPlugin):
    pass


@plugin(
    name="two__underscores",  # expect: bad-name
    version="first",  # expect: bad-version
    description="Has a name that no variable can have",
)
class TwoUnderscores(IPlugin):
    pass


@plugin(
    name="metrics",  # expect: bad-name
    version="1.0.0",
    description="Is called what the chassis keeps for itself",
    failure_policy="ajar",  # expect: bad-metadata
)
class Reserved(IPlugin):
    pass


@plugin(
    name="from-tomorrow",
    version="1.0.0",
    description="Works with another contract",
    contract=">=2",  # expect: contract
)
class FromTomorrow(IPlugin):
    pass


@plugin(
    name="no-range",
    version="1.0.0",
    description="Works with nothing",
    contract="two",  # expect: contract
)
class NoRange(IPlugin):
    pass


@plugin(
    name="narcissus",  # expect: name-clash
    version="1.0.0",
    description="Needs itself",
    dependencies=["narcissus>=1"],  # expect: bad-dependency
    optional_dependencies=["a mirror"],  # expect: bad-dependency
)
class Narcissus(IPlugin):
    pass


@plugin(
    name="Narcissus",  # expect: name-clash
    version="1.0.0",
    description="Sees another of the same name in the water",
)
class Reflection(IPlugin):
    pass
