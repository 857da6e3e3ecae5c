#!/bin/sh
# Starts a kiosk on cage by hand, from a text console: cage.sh SOURCE. cage gets its seat from logind or seatd, and ends with
# guestplane. -s lets Ctrl+Alt+F2 switch to another console; add "-m last" to use only the output that was plugged in last.
exec cage -s -- guestplane kiosk "$@"
