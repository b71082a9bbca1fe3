/* In place of the Arduino core for an ATmega328P, which is not packaged: what the sketches call, on the real registers. */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

class SerialPort {
public:
  void begin(unsigned long) {
    UCSR0B = (1 << RXEN0) | (1 << TXEN0);
  }
  void print(char letter) {
    while (!(UCSR0A & (1 << UDRE0))) {
    }
    UDR0 = static_cast<uint8_t>(letter);
  }
  void print(const char *text) {
    while (*text) {
      print(*text++);
    }
  }
  void println() {
    print('\n');
  }
  void println(const char *text) {
    print(text);
    println();
  }
  size_t readBytes(uint8_t *bytes, size_t count) {
    for (size_t number = 0; number < count; number++) {
      while (!(UCSR0A & (1 << RXC0))) {
      }
      bytes[number] = UDR0;
    }
    return count;
  }
};

static SerialPort Serial;

inline void delay(unsigned long) {
  cli();
  sleep_enable();
  sleep_cpu(); /* without interrupts: simavr ends */
}

void setup();
void loop();

int main() {
  setup();
  for (;;) {
    loop();
  }
}

#endif
