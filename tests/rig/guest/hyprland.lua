-- Hyprland for tests: nothing on the screen but the client, no animation, and direct scanout, which is off by default.
hl.monitor({ output = "", mode = "1024x768@60", position = "0x0", scale = 1 })
hl.config({
	general = { gaps_in = 0, gaps_out = 0, border_size = 0 },
	decoration = { shadow = { enabled = false }, blur = { enabled = false } },
	animations = { enabled = false },
	render = { direct_scanout = 1 },
	misc = {
		disable_hyprland_logo = true,
		disable_splash_rendering = true,
		force_default_wallpaper = 0,
		background_color = "rgba(203060ff)",
		disable_xdg_env_checks = true,
		enable_anr_dialog = false,
	},
	ecosystem = { no_update_news = true, no_donation_nag = true },
	cursor = { inactive_timeout = 1 },
	xwayland = { enabled = false },
	debug = { disable_logs = false, enable_stdout_logs = true, colored_stdout_logs = false },
})
hl.window_rule({ name = "floating", match = { class = "guestplane" }, float = true })
