-- The same, and the rest of the reset of its session, where that lost its settings by it.
{{batch_guard}},
       {{batch_settings}};
