"""Where a turn is computed: on one device, or shared by the processes of a cluster."""

__all__: list[str] = []
