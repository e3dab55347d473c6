-- Every second request is one that the benchmark's match fits.
local turn = 0
function request()
  turn = turn + 1
  if turn % 2 == 0 then
    return wrk.format(nil, nil, { ["x-user"] = "ada" })
  end
  return wrk.format()
end
