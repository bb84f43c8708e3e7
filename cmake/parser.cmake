# libpg_query, which has no .pc file: its archive, where that can be linked by itself. As a shared
# library it has thousands of addresses to be filled in whenever predeploy starts, and most runs parse
# nothing.
include(CheckSourceCompiles)
include(CMakePushCheckState)

find_library(PG_QUERY_SHARED pg_query REQUIRED)
find_library(PG_QUERY_ARCHIVE NAMES ${CMAKE_STATIC_LIBRARY_PREFIX}pg_query${CMAKE_STATIC_LIBRARY_SUFFIX})

if(PG_QUERY_ARCHIVE)
  cmake_push_check_state(RESET)
  set(CMAKE_REQUIRED_LIBRARIES ${PG_QUERY_ARCHIVE} Threads::Threads m)
  check_source_compiles(C "#include <pg_query.h>
    #include <pg_query/pg_query.pb-c.h>
    int main(void)
    {
        PgQueryProtobufParseResult parsed = pg_query_parse_protobuf(\"SELECT 1\");
        PgQueryDeparseResult text = pg_query_deparse_protobuf(parsed.parse_tree);
        return text.query == NULL || pg_query__select_stmt__descriptor.n_fields == 0;
    }" PD_PARSER_LINKS)
  cmake_pop_check_state()
endif()
# What is part of the binary is passed on with it, under its own conditions: with their text, or not.
find_file(PD_PARSER_COPYRIGHT copyright PATHS /usr/share/doc/libpg-query-dev NO_DEFAULT_PATH)
if(PD_PARSER_LINKS AND PD_PARSER_COPYRIGHT)
  set(PD_PARSER_ARCHIVED TRUE)
  set(PG_QUERY_LIBRARY ${PG_QUERY_ARCHIVE})
else()
  set(PD_PARSER_ARCHIVED FALSE)
  set(PG_QUERY_LIBRARY ${PG_QUERY_SHARED})
endif()
