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
  void println(uint16_t number) {
    for (uint16_t unit = 10000; unit > 0; unit /= 10) {
      print(static_cast<char>('0' + number / unit % 10));
    }
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

extern uint8_t _end[]; /* of the static variables; the stack grows towards it */
enum { PAINT = 0xA5 };

/* Says how many bytes of stack were used, and ends. */
inline void delay(unsigned long) {
  const uint8_t *untouched = _end;
  while (*untouched == PAINT) {
    untouched++;
  }
  Serial.print("stack ");
  Serial.println(static_cast<uint16_t>(RAMEND + 1 - reinterpret_cast<uint16_t>(untouched)));
  cli();
  sleep_enable();
  sleep_cpu(); /* without interrupts: simavr ends */
}

void setup();
void loop();

int main() {
  for (uint8_t *free = _end; free < reinterpret_cast<uint8_t *>(SP) - 1; free++) {
    *free = PAINT;
  }
  setup();
  for (;;) {
    loop();
  }
}

#endif
