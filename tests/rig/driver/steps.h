// The steps that a driver plays one after the other: mode=1024x768 flip=60,600 hold …
#ifndef STEPS_H
#define STEPS_H

#include <stdbool.h>
#include <stdint.h>

// What the steps do with a guest's screen. NULL: this guest cannot, and has no such step.
struct guest {
	// Ready to be flipped, with two or more buffers that all have NUMBER in their bar codes.
	void (*set_mode)(unsigned width, unsigned height, uint32_t number);
	// The mode that its monitor prefers; false while none is plugged in.
	bool (*read_monitor)(unsigned *width, unsigned *height);
	// Writes the number into the next buffer, and shows that. Right before the flip and not right after
	// the last one, so that a host that is still reading the next buffer sees it whole.
	void (*flip)(uint32_t number);
	// Writes the number into the buffer that is shown.
	void (*update)(uint32_t number);
	// The test card, in all buffers.
	void (*paint)(uint32_t number);
	void (*off)(void);
	void (*on)(void);
	// Shows the pointer, with its hot spot there, or moves it.
	void (*show_cursor)(unsigned x, unsigned y);
	void (*hide_cursor)(void);
	// May print something about the step that has ended; may be NULL, too.
	void (*report)(void);
};

// Until the last or until told to end. README.md describes them.
void run_steps(const struct guest *guest, char **steps, int count);

// The line that every driver ends with.
void print_last_frame(void);

#endif
