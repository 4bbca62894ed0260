// Runs a fuzz target where there is no libFuzzer: each file of a corpus, then random mutations of them for a while.
//
//   TARGET CORPUS [SECONDS [SEED]]      a failure prints seed and input; without a SEED each run is another one
#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace {

constexpr std::size_t kInputBytes = 4096;

std::string current;  // the input under way, for the handler
std::uint64_t seed = 0;

void on_failure(int number) {
  std::fprintf(stderr, "seed %llu, input:", static_cast<unsigned long long>(seed));
  for (const char c : current) std::fprintf(stderr, " %02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  std::fputc('\n', stderr);
  std::signal(number, SIG_DFL);
  std::raise(number);
}

void run(const std::string& input) {
  current = input;
  // Of its own, so that a sanitizer sees a byte read beyond it.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::string> read_corpus(const char* directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) files.push_back(entry.path());
  std::ranges::sort(files);  // the same seed is the same run
  std::vector<std::string> corpus;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

std::string mutated(const std::vector<std::string>& corpus, std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return static_cast<std::size_t>(random() % bound); };
  const auto any = [&]() -> const std::string& { return corpus[below(corpus.size())]; };
  std::string input = any();
  for (auto rounds = 1 + below(8); rounds > 0; --rounds) {
    const auto at = below(input.size() + 1);
    switch (below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1: input.insert(at, 1, static_cast<char>(random())); break;
      case 2: input.erase(at, 1 + below(8)); break;
      case 3: input.insert(at, input.substr(below(input.size() + 1), below(64))); break;
      case 4: input = input.substr(0, at) + any().substr(0, below(256)); break;
      default: {  // the borders where lengths and types change
        static constexpr char kBorders[] = "\0\1\x1e\x7d\x7e\x7f\x80\xfe\xff\"\\{}[],:0919-/.eE\r\n";
        if (at < input.size()) input[at] = kBorders[below(sizeof kBorders - 1)];
      }
    }
  }
  if (input.size() > kInputBytes) input.resize(kInputBytes);
  return input;
}

std::uint64_t number(const char* text) {
  std::uint64_t value = 0;
  std::from_chars(text, text + std::string_view(text).size(), value);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS [SECONDS [SEED]]\n", argv[0]);
    return 2;
  }
  const auto corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s holds no inputs\n", argv[1]);
    return 1;
  }
  seed = argc > 3 ? number(argv[3]) : std::random_device{}();
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  std::signal(SIGABRT, on_failure);
  std::signal(SIGSEGV, on_failure);
  for (const auto& input : corpus) run(input);
  std::mt19937_64 random(seed);
  std::uint64_t runs = corpus.size();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(argc > 2 ? number(argv[2]) : 1);
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 100; ++i) run(mutated(corpus, random));
    runs += 100;
  }
  std::printf("%llu inputs\n", static_cast<unsigned long long>(runs));
  return 0;
}
