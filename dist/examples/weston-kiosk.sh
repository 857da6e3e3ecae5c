#!/bin/sh
# Started by weston (weston.ini), which passes no arguments on: the unit sets KIOSK_SOURCE and KIOSK_OPTIONS.
# shellcheck disable=SC2086 # several options
exec guestplane kiosk $KIOSK_OPTIONS "$KIOSK_SOURCE"
