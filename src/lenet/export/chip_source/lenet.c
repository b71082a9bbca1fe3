/* A trained network, as lenet.h describes it; made by `lenet export`. */
#include "lenet.h"

#include <string.h>

#define END_OF_BYTE 0x80000000u

/* A loop that is compiled by itself has enough registers. */
#ifdef __GNUC__
#define APART __attribute__((noinline))
#else
#define APART
#endif

#ifdef __AVR__
#define FLASH_BYTE(address) pgm_read_byte(address)
#define FLASH_WORD(address) pgm_read_word(address)
#else
#define FLASH_BYTE(address) (*(address))
#define FLASH_WORD(address) (*(address))
#endif

/* A convolution with ReLU and max-pooling. Maps lie in memory row by row, channels last. A dense layer is a convolution
 * whose kernel covers its whole input. */
typedef struct {
    uint16_t weights, scales;            /* where its own begin in the tables */
    uint16_t input, output;              /* where these maps begin in the buffer */
    uint16_t depth, filters;             /* channels of input and output */
    uint8_t height, width;               /* of the input */
    uint8_t kernel_rows, kernel_columns; /* the buffer holds as many rows of the input as the kernel has */
    uint8_t stride, top, left;           /* zeros above and before the input */
    uint8_t rows, columns, pool_size;    /* of the output before pooling; side of the pooling's squares */
    uint8_t output_width, output_rows;   /* of the output in the buffer */
    uint8_t before, after;               /* shifts from a sum to an 8-bit value */
} layer_t;

#include "weights.h"

/* The last rows of each layer's input: as many as its kernel has. */
static uint8_t buffer[BUFFER];
/* Rows of each layer's input that have arrived, and rows of its output that were computed. */
static uint8_t arrived[LAYERS], computed[LAYERS];

int32_t lenet_scores[LENET_CLASSES];

typedef char ram_is_as_the_header_says[sizeof buffer + sizeof arrived + sizeof computed + sizeof lenet_scores ==
                                               LENET_RAM_BYTES
                                           ? 1
                                           : -1];
typedef char flash_is_as_the_header_says[sizeof weights + sizeof biases + sizeof multipliers + sizeof layers +
                                                     sizeof lenet_labels ==
                                                 LENET_FLASH_BYTES
                                             ? 1
                                             : -1];

/* Chips without a divider take longer for %. */
static uint8_t remainder_of(uint8_t number, uint8_t divisor)
{
    while (number >= divisor) {
        number = (uint8_t)(number - divisor);
    }
    return number;
}

/* Sum of values times weights, whose first one has the number ``index``. A weight's bits are a number n with sign, which
 * stands for 2n + 1: n, and a 1 in the place after it. */
APART static int32_t dot(const uint8_t *value, const uint8_t *end, const uint8_t *code, uint8_t skipped)
{
    int32_t sum = 0;
    /* A byte of weights at the top, and a 1 after it: alone at the top, it says that the byte is used up. */
    uint32_t bits = ((uint32_t)FLASH_BYTE(code) << 24 | END_OF_BYTE >> 8) << skipped * BITS;
    for (;;) {
        sum += (((int32_t)bits >> (31 - BITS)) | 1) * *value++;
        if (value == end) {
            return sum;
        }
        bits <<= BITS;
        if (bits == END_OF_BYTE) {
            bits = (uint32_t)FLASH_BYTE(++code) << 24 | END_OF_BYTE >> 8;
        }
    }
}

/* Sum at one place of the kernel, whose first row is in the slot ``slot`` of the buffer; outside the input is 0. */
static int32_t sum_at(const layer_t *layer, int16_t top, uint8_t slot, int16_t left, uint16_t filter)
{
    const uint16_t first = left < 0 ? (uint16_t)-left : 0;
    const int16_t beyond = (int16_t)(left + layer->kernel_columns - layer->width);
    const uint16_t columns = (uint16_t)(layer->kernel_columns - first - (beyond > 0 ? beyond : 0));
    int32_t sum = 0;
    uint8_t y;
    for (y = 0; y < layer->kernel_rows; y++) {
        if (top + y >= 0 && top + y < layer->height) {
            const uint8_t *const value =
                buffer + layer->input + (uint16_t)((slot * layer->width + left + first) * layer->depth);
            const uint32_t index =
                (((uint32_t)filter * layer->kernel_rows + y) * layer->kernel_columns + first) * layer->depth;
            sum += dot(value, value + (uint16_t)(columns * layer->depth), weights + layer->weights + index / PER_BYTE,
                       index % PER_BYTE);
        }
        slot = slot + 1 == layer->kernel_rows ? 0 : (uint8_t)(slot + 1);
    }
    return sum;
}

/* From a sum to a score, or to an activation before it is clipped. */
static int32_t rescale(const layer_t *layer, uint16_t filter, int32_t sum)
{
    const uint16_t place = (uint16_t)(layer->scales + filter);
    const int32_t value = (sum >> layer->before) + (int16_t)FLASH_WORD(&biases[place]);
    return (value * (int32_t)FLASH_WORD(&multipliers[place]) + ((int32_t)1 << layer->after >> 1)) >> layer->after;
}

/* One row of a layer's output before pooling; those that a square of the pooling covers are merged in the buffer. */
static void compute_row(const layer_t *layer, uint8_t number)
{
    const uint8_t last = number == LAYERS - 1, size = layer->pool_size, row = computed[number];
    const uint8_t slot_out = last ? 0 : remainder_of(arrived[number + 1], layer->output_rows);
    const int16_t top = (int16_t)(row * layer->stride - layer->top);
    const uint8_t slot_in =
        remainder_of((uint8_t)(top < 0 ? top + layer->kernel_rows : top), layer->kernel_rows);
    const uint8_t within_row = remainder_of(row, size);
    uint8_t *output = buffer + layer->output + (uint16_t)(slot_out * layer->output_width * layer->filters);
    uint8_t column, within = 0;
    uint16_t filter;
    for (column = 0; column < layer->columns; column++) {
        const int16_t left = (int16_t)(column * layer->stride - layer->left);
        for (filter = 0; filter < layer->filters; filter++) {
            const int32_t scaled = rescale(layer, filter, sum_at(layer, top, slot_in, left, filter));
            if (last) {
                lenet_scores[filter] = scaled;
            } else {
                const uint8_t value = scaled < 0 ? 0 : scaled > 255 ? 255 : (uint8_t)scaled;
                if (within_row + within == 0 || value > output[filter]) {
                    output[filter] = value;
                }
            }
        }
        if (++within == size) {
            within = 0;
            output += layer->filters;
        }
    }
    computed[number]++;
    if (!last && within_row + 1 == size) {
        arrived[number + 1]++;
    }
}

/* The class with the highest score. */
static int best_class(void)
{
    int number, best = 0;
    for (number = 1; number < LENET_CLASSES; number++) {
        if (lenet_scores[number] > lenet_scores[best]) {
            best = number;
        }
    }
    return best;
}

void lenet_restart(void)
{
    memset(arrived, 0, sizeof arrived);
    memset(computed, 0, sizeof computed);
}

int lenet_row(const uint8_t *pixels)
{
    uint8_t number = 0;
    layer_t layer; /* a copy from flash */
    memcpy(buffer + (uint16_t)(remainder_of(arrived[0], FIRST_ROWS) * LENET_ROW), pixels, LENET_ROW);
    arrived[0]++;
    for (;;) { /* a layer continues as far as the rows of its input allow */
        int16_t needed;
        LENET_COPY(&layer, &layers[number], sizeof layer);
        needed = (int16_t)(computed[number] * layer.stride - layer.top + layer.kernel_rows);
        if (computed[number] < layer.rows &&
            (needed < layer.height ? needed : layer.height) <= arrived[number]) {
            compute_row(&layer, number);
            if (number != LAYERS - 1) {
                number++;
            }
        } else if (number > 0) {
            number--;
        } else {
            break;
        }
    }
    if (arrived[0] < LENET_HEIGHT) {
        return -1;
    }
    lenet_restart();
    return best_class();
}

int lenet_classify(const uint8_t *pixels)
{
    int row, found = -1;
    lenet_restart();
    for (row = 0; row < LENET_HEIGHT; row++) {
        found = lenet_row(pixels + row * LENET_ROW);
    }
    return found;
}

int lenet_unknown(void)
{
    return lenet_scores[best_class()] < LENET_UNKNOWN_BELOW;
}
