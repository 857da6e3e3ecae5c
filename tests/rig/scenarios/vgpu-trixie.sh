#!/bin/bash
# The second leg, within what Debian 13's llvmpipe survives: full-screen scanout on sway and weston, nothing composited.
. /rig/guestplane.sh

udev_start
load_vkms
load_mbochs patched
on sway-vkms flip_600 sway-vkms
on weston-drm flip_600 weston-drm
