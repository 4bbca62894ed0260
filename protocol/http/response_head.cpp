#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "protocol/http/http.h"

namespace tidemark::http {

namespace {

/// RFC 9110 section 5.6.7, e.g. "Sun, 06 Nov 1994 08:49:37 GMT"; not by strftime, which speaks the locale's language.
void append_date(std::string& out, std::time_t now) {
  static constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&now, &utc);
  fmt::format_to(std::back_inserter(out), "Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n", kDays[utc.tm_wday],
                 utc.tm_mday, kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

void append_beginning(std::string& out, int status, std::string_view fields) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason_phrase(status));
  append_date(out, std::time(nullptr));
  out.append(fields);
}

/// RFC 9110 section 8.6: no Content-Length in a 1xx or 204; in a 304 it would have to be that of the 200.
bool has_length(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 426: return "Upgrade Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "";  // RFC 9112 section 4: the phrase may be empty
  }
}

void append_response_head(std::string& out, int status, std::string_view fields, std::size_t content_length,
                          bool keep_alive) {
  append_beginning(out, status, fields);
  if (has_length(status)) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", content_length);
  if (!keep_alive && status >= 200) out.append("Connection: close\r\n");
  out.append("\r\n");
}

void append_streamed_head(std::string& out, int status, std::string_view fields, bool chunked, bool keep_alive) {
  append_beginning(out, status, fields);
  if (chunked) out.append("Transfer-Encoding: chunked\r\n");
  if (!keep_alive || !chunked) out.append("Connection: close\r\n");
  out.append("\r\n");
}

void append_chunk(std::string& out, std::string_view bytes) {
  fmt::format_to(std::back_inserter(out), "{:x}\r\n", bytes.size());
  out.append(bytes);
  out.append("\r\n");
}

}  // namespace tidemark::http
