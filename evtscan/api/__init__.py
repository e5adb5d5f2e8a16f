"""The Python interface: events of logs as objects, data frames and Arrow tables; scans, audits and hunts."""
