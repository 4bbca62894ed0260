#include "src/base/error.h"

namespace tidemark {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::out_of_space: return "out_of_space";
    case ErrorCode::io: return "io";
    case ErrorCode::locked: return "locked";
    case ErrorCode::foreign: return "foreign";
    case ErrorCode::closed: return "closed";
  }
  return "unknown";
}

}  // namespace tidemark
