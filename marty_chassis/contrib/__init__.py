"""The plugins that come with the chassis: each starts when the configuration has its section.

They are written as anybody's plugins are, and are there to be copied from. Each can be imported
without its extra; what is missing is said when the plugin is made.
"""

__all__: list[str] = []
