// Classifies pictures that are stored in flash, and prints what each is read as and what it should be read as.
#include <$library.h>

#include "pictures.h"

static void print_label(int number) {
  char label[sizeof lenet_labels[0]];
  LENET_COPY(label, lenet_labels[number], sizeof label);
  Serial.print(label);
}

void setup() {
  Serial.begin(115200);
}

void loop() {
  for (int number = 0; number < PICTURES; number++) {
    uint8_t row[LENET_ROW];
    int found = -1;
    for (int y = 0; y < LENET_HEIGHT; y++) {
      LENET_COPY(row, pictures[number] + y * LENET_ROW, LENET_ROW);
      found = lenet_row(row);
    }
    int16_t expected;
    LENET_COPY(&expected, &picture_classes[number], sizeof expected);
    print_label(found);
    Serial.print(found == expected ? " = " : " instead of ");
    print_label(expected);
    Serial.println();
  }
  delay(5000);
}
