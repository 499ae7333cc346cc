// What the forward pass does between its products of matrices. NVRTC compiles this when the model is loaded.
//
// A row is what the model knows of one token: 384 numbers, 32 for each of 12 heads. The rows of all texts
// stand one after another. A warp is 32 threads that run together; every block but that of `mean` has 4.

constexpr int WIDTH = 384;
constexpr int HEAD = 32;
constexpr int WARP = 32;
constexpr int WARPS = 4;
constexpr int NUMBERS_PER_THREAD = WIDTH / WARP;
// Keys and values of a head that are in shared memory at a time.
constexpr unsigned KEYS = 32;
// Keys whose scores a thread holds at a time.
constexpr unsigned CHUNK = 8;
constexpr unsigned ALL_THREADS = 0xffffffff;
// NVRTC has no INFINITY.
#define INFINITE __int_as_float(0x7f800000)

__device__ float sum_of_warp(float number) {
    for (int distance = WARP / 2; distance > 0; distance /= 2) {
        number += __shfl_xor_sync(ALL_THREADS, number, distance);
    }
    return number;
}

// Layer normalization of a row that a warp holds: thread 0 has its numbers 0, 32, 64 …
__device__ void normalize(float (&numbers)[NUMBERS_PER_THREAD], float* row, const float* scale,
                          const float* shift, float epsilon) {
    float sum = 0;
    for (float number : numbers) sum += number;
    float mean = sum_of_warp(sum) / WIDTH;
    float squares = 0;
    for (float number : numbers) squares += (number - mean) * (number - mean);
    float factor = 1 / sqrtf(sum_of_warp(squares) / WIDTH + epsilon);
    for (int i = 0; i < NUMBERS_PER_THREAD; ++i) {
        int column = i * WARP + threadIdx.x % WARP;
        row[column] = (numbers[i] - mean) * factor * scale[column] + shift[column];
    }
}

// The row of each token before the first layer. One warp a row.
extern "C" __global__ void embed(const unsigned* ids, const unsigned* positions, const float* words,
                                 const float* places, const float* type, const float* scale,
                                 const float* shift, float epsilon, unsigned tokens, float* hidden) {
    unsigned token = blockIdx.x * WARPS + threadIdx.x / WARP;
    if (token >= tokens) return;
    const float* word = words + (size_t)ids[token] * WIDTH;
    const float* place = places + (size_t)positions[token] * WIDTH;
    float numbers[NUMBERS_PER_THREAD];
    for (int i = 0; i < NUMBERS_PER_THREAD; ++i) {
        int column = i * WARP + threadIdx.x % WARP;
        numbers[i] = word[column] + type[column] + place[column];
    }
    normalize(numbers, hidden + (size_t)token * WIDTH, scale, shift, epsilon);
}

// Adds a bias to each row and normalizes it. One warp a row.
extern "C" __global__ void add_and_normalize(float* hidden, const float* bias, const float* scale,
                                             const float* shift, float epsilon, unsigned tokens) {
    unsigned token = blockIdx.x * WARPS + threadIdx.x / WARP;
    if (token >= tokens) return;
    float* row = hidden + (size_t)token * WIDTH;
    float numbers[NUMBERS_PER_THREAD];
    for (int i = 0; i < NUMBERS_PER_THREAD; ++i) {
        int column = i * WARP + threadIdx.x % WARP;
        numbers[i] = row[column] + bias[column];
    }
    normalize(numbers, row, scale, shift, epsilon);
}

// Adds a bias to each row of `columns` numbers, then takes GELU of them. One thread a number; blocks go
// down the rows first, of which there may be more than blocks in the other direction.
extern "C" __global__ void add_and_gelu(float* wide, const float* bias, unsigned columns) {
    unsigned column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) return;
    size_t at = (size_t)blockIdx.x * columns + column;
    float number = wide[at] + bias[column];
    wide[at] = number * 0.5f * (1 + erff(number * 0.70710678f));
}

// Attention of up to 32 tokens of a text to the whole text, one thread a token and one warp a head.
// A row of `joined` has a token's query, key and value, 384 numbers each. A tile is three numbers: the
// text's first token, its number of tokens, and the first of the 32 tokens, counted in the text.
extern "C" __global__ void attention(const float* joined, const float* bias, const unsigned* tiles,
                                     float* context) {
    __shared__ float keys[WARPS][KEYS][HEAD];
    __shared__ float values[WARPS][KEYS][HEAD];
    unsigned lane = threadIdx.x % WARP;
    unsigned warp = threadIdx.x / WARP;
    unsigned column = (blockIdx.y * WARPS + warp) * HEAD;
    unsigned first = tiles[3 * blockIdx.x];
    unsigned length = tiles[3 * blockIdx.x + 1];
    unsigned token = tiles[3 * blockIdx.x + 2] + lane;
    // A thread beyond the end of the text computes the last token again and stores nothing.
    const float* row = joined + (size_t)(first + min(token, length - 1)) * 3 * WIDTH + column;
    float query[HEAD];
    float sum[HEAD];
    for (int i = 0; i < HEAD; ++i) {
        query[i] = (row[i] + bias[column + i]) * 0.17677669f;  // 1 / √32
        sum[i] = 0;
    }
    float highest = -INFINITE;
    float total = 0;
    for (unsigned start = 0; start < length; start += KEYS) {
        unsigned count = min(KEYS, length - start);
        __syncwarp();
        // Zeros up to a whole chunk: what the memory held before might not be numbers.
        for (unsigned i = 0; i < (count + CHUNK - 1) / CHUNK * CHUNK; ++i) {
            const float* row = joined + (size_t)(first + start + i) * 3 * WIDTH + column + lane;
            keys[warp][i][lane] = i < count ? row[WIDTH] + bias[WIDTH + column + lane] : 0;
            values[warp][i][lane] = i < count ? row[2 * WIDTH] + bias[2 * WIDTH + column + lane] : 0;
        }
        __syncwarp();
        for (unsigned chunk = 0; chunk < count; chunk += CHUNK) {
            float scores[CHUNK];
            float higher = highest;
            #pragma unroll
            for (unsigned i = 0; i < CHUNK; ++i) {
                const float4* key = reinterpret_cast<const float4*>(keys[warp][chunk + i]);
                float score = 0;
                #pragma unroll
                for (int j = 0; j < HEAD / 4; ++j) {
                    float4 four = key[j];
                    score += query[4 * j] * four.x + query[4 * j + 1] * four.y
                        + query[4 * j + 2] * four.z + query[4 * j + 3] * four.w;
                }
                scores[i] = chunk + i < count ? score : -INFINITE;
                higher = fmaxf(higher, scores[i]);
            }
            // What was summed so far was relative to a lower score.
            float kept = expf(highest - higher);
            highest = higher;
            total *= kept;
            #pragma unroll
            for (int i = 0; i < HEAD; ++i) sum[i] *= kept;
            #pragma unroll
            for (unsigned i = 0; i < CHUNK; ++i) {
                float weight = expf(scores[i] - highest);
                total += weight;
                const float4* value = reinterpret_cast<const float4*>(values[warp][chunk + i]);
                #pragma unroll
                for (int j = 0; j < HEAD / 4; ++j) {
                    float4 four = value[j];
                    sum[4 * j] += weight * four.x;
                    sum[4 * j + 1] += weight * four.y;
                    sum[4 * j + 2] += weight * four.z;
                    sum[4 * j + 3] += weight * four.w;
                }
            }
        }
    }
    if (token >= length) return;
    float4* result = reinterpret_cast<float4*>(context + (size_t)(first + token) * WIDTH + column);
    for (int j = 0; j < HEAD / 4; ++j) {
        result[j] = make_float4(sum[4 * j] / total, sum[4 * j + 1] / total, sum[4 * j + 2] / total,
                                sum[4 * j + 3] / total);
    }
}

// The mean over the rows of each text. One block a text, one thread a column.
extern "C" __global__ void mean(const float* hidden, const unsigned* starts, float* means) {
    unsigned start = starts[blockIdx.x];
    unsigned end = starts[blockIdx.x + 1];
    float sum = 0;
    for (unsigned token = start; token < end; ++token) sum += hidden[(size_t)token * WIDTH + threadIdx.x];
    means[(size_t)blockIdx.x * WIDTH + threadIdx.x] = sum / (end - start);
}
