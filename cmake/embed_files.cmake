# Run by pd_embed: writes SOURCE and HEADER with the bytes of FILES.
string(REPLACE "|" ";" FILES "${FILES}")
get_filename_component(header_name ${HEADER} NAME)
string(MAKE_C_IDENTIFIER "PD_EMBEDDED_${header_name}" guard)
string(TOUPPER ${guard} guard)
set(declarations "")
set(definitions "")
set(table "")
foreach(file IN LISTS FILES)
  get_filename_component(stem ${file} NAME_WE)
  string(MAKE_C_IDENTIFIER "${PREFIX}_${stem}" symbol)
  string(REGEX REPLACE "^${PREFIX}__" "${PREFIX}_" symbol "${symbol}")
  file(READ ${file} hex HEX)
  # {{NAME}} stands for the text of parts/NAME.sql beside the file, {{NAME-line}} for it in one line.
  if(hex MATCHES "7b7b[0-9a-f]+7d7d")
    get_filename_component(folder ${file} DIRECTORY)
    file(GLOB parts ${folder}/parts/*.sql)
    foreach(part IN LISTS parts)
      get_filename_component(name ${part} NAME_WE)
      string(HEX "{{${name}}}" blank)
      file(READ ${part} text HEX)
      string(REPLACE "${blank}" "${text}" hex "${hex}")
      file(READ ${part} text)
      string(REGEX REPLACE "\n *" " " text "${text}")
      string(HEX "{{${name}-line}}" blank)
      string(HEX "${text}" text)
      string(REPLACE "${blank}" "${text}" hex "${hex}")
    endforeach()
  endif()
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND declarations "extern const char ${symbol}[];\n")
  string(APPEND definitions "const char ${symbol}[] = {${bytes}0};\n")
  string(APPEND table "    {\"${stem}\", ${symbol}},\n")
endforeach()
file(WRITE ${HEADER} "#ifndef ${guard}\n#define ${guard}\n\n${declarations}
typedef struct ${PREFIX}_file {
    const char *name; /* file name without .sql */
    const char *text;
} ${PREFIX}_file;
extern const ${PREFIX}_file ${PREFIX}_files[]; /* ends with {0} */
\n#endif\n")
file(WRITE ${SOURCE} "#include \"${header_name}\"\n\n#include <stddef.h>\n\n${definitions}
const ${PREFIX}_file ${PREFIX}_files[] = {\n${table}    {NULL, NULL},\n};\n")
