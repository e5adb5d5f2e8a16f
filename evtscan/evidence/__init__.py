"""The files of one host, read and put together: machines, forwarded logs, copies, neighbours."""
