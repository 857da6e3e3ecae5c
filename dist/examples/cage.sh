#!/bin/sh
# A kiosk on cage by hand, from a text console: cage.sh SOURCE. cage takes its seat from logind or seatd, and ends with
# guestplane. -s lets Ctrl+Alt+F2 lead to another console; "-m last" instead of all outputs takes the last that was plugged in.
exec cage -s -- guestplane kiosk "$@"
