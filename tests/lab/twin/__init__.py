"""The lab: a production twin of a General Bots Cloud host, in QEMU."""
