// Classifies pictures that come over the serial port, row by row, and answers with their labels.
// The board sends '>' when it is ready for the next row. A sender in Python, with the package pyserial:
//
//   import serial
//   port = serial.Serial("/dev/ttyACM0", 115200)
//   picture = open("picture.raw", "rb").read()  # LENET_PIXELS bytes, from 0 to 255
//   port.reset_input_buffer()  # the board has sent '>' each second while it waited
//   for start in range(0, len(picture), $row):
//       port.read_until(b">")
//       port.write(picture[start : start + $row])
//   print(port.readline().decode())
#include <$library.h>

void setup() {
  Serial.begin(115200);
}

void loop() {
  uint8_t row[LENET_ROW];
  Serial.print('>');
  if (Serial.readBytes(row, LENET_ROW) < LENET_ROW) {  // nothing for a second
    lenet_restart();
    return;
  }
  const int found = lenet_row(row);
  if (found >= 0) {
    char label[sizeof lenet_labels[0]];
    LENET_COPY(label, lenet_labels[found], sizeof label);
    Serial.print(lenet_unknown() ? "unknown, nearest is " : "");
    Serial.println(label);
  }
}
