"""For whoever writes plugins: a service with just your plugin in it, and what it leaves behind."""
