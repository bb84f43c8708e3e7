{{session_setup}};
