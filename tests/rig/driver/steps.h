// The steps that a driver executes in order: mode=1024x768 flip=60,600 hold …
#ifndef STEPS_H
#define STEPS_H

#include <stdbool.h>
#include <stdint.h>

// The operations on a guest's screen. NULL: this guest does not have that step.
struct guest {
	// Makes it ready to be flipped, with two or more buffers that all have NUMBER in their bar codes.
	void (*set_mode)(unsigned width, unsigned height, uint32_t number);
	// The preferred mode of its monitor; false while none is plugged in.
	bool (*read_monitor)(unsigned *width, unsigned *height);
	// Writes the number into the next buffer and shows it. Written right before the flip and not right after
	// the last one, so that a compositor that still reads the next buffer reads it whole.
	void (*flip)(uint32_t number);
	// Writes the number into the visible buffer.
	void (*update)(uint32_t number);
	// Draws the test picture into all buffers.
	void (*paint)(uint32_t number);
	void (*off)(void);
	void (*on)(void);
	// Shows the pointer with its hot spot there, or moves it.
	void (*show_cursor)(unsigned x, unsigned y);
	void (*hide_cursor)(void);
	// May print something about the finished step; may be NULL.
	void (*report)(void);
};

// Runs until the last step or until a signal. README.md describes them.
void run_steps(const struct guest *guest, char **steps, int count);

// Prints the line that every driver ends with.
void print_last_frame(void);

#endif
