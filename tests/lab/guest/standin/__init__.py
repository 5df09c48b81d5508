"""Stand-ins for the services of the twin that no distribution packages.

One program, one name per service: `python3 -m standin NAME`. Every answer says "stand-in", so
nobody mistakes it for the real thing; ports, paths and failure modes are the guide's.
"""
