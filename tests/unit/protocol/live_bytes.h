// Heap bytes in use by this test program, so that tests can say what something costs.
#pragma once

#include <cstddef>

namespace tidemark::test {

[[nodiscard]] std::size_t live_bytes();

}  // namespace tidemark::test
