{{tables_count}};
