-- A line without blanks around it. Most lines have none, and trimming is slow.
create macro bare(line) as
    case when ord(line) <= 32 or ord(line[-1]) <= 32 then trim(line, e' \t\r') else line end
