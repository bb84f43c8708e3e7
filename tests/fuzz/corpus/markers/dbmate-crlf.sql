--migrate:up	
A;
--	migrate:down x:y transaction:false
B;